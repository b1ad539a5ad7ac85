#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/training/losses.h"
#include "tests/support/golden_batch.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;

at::Tensor Matrix(const json& rows) {
  const std::vector<float> values = Flatten(rows);
  return at::tensor(values).view({static_cast<std::int64_t>(rows.size()), -1});
}

TEST(LossesParityTest, CrossEntropyAndRDrop) {
  const json cases = ReadJsonFile(UnpackTestArchive("goldens/training.tar.xz") / "losses.json");
  ASSERT_FALSE(cases.empty());
  for (const json& item : cases) {
    const at::Tensor logits = Matrix(item.at("logits"));
    const at::Tensor labels = at::tensor(item.at("labels").get<std::vector<std::int64_t>>());
    const at::Tensor weights = at::tensor(Flatten(item.at("class_weights")));
    const auto expect = [&](const char* name, const at::Tensor& loss) {
      EXPECT_NEAR(loss.item<double>(), item.at(name).get<double>(), 1e-5) << name;
    };
    expect("cross_entropy", CrossEntropy(logits, labels, {}));
    expect("cross_entropy_weighted",
           CrossEntropy(logits, labels, {.class_weights = weights, .label_smoothing = 0.0}));
    expect("cross_entropy_smoothing_0.1",
           CrossEntropy(logits, labels, {.class_weights = {}, .label_smoothing = 0.1}));
    expect("cross_entropy_weighted_smoothing_0.1",
           CrossEntropy(logits, labels, {.class_weights = weights, .label_smoothing = 0.1}));
    expect("r_drop_alpha_0.5",
           RDropLoss({logits, Matrix(item.at("second_logits"))}, labels, {}, 0.5));
  }
}

}  // namespace
}  // namespace guichet
