// The loss of MBartForConditionalGeneration under training against transformers'.

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/checkpoint/checkpoint.h"
#include "model/training/sequence_session.h"
#include "tests/support/golden_batch.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using Rows = std::vector<std::vector<TokenId>>;

class SequenceLossParityTest : public ::testing::Test {
 protected:
  static absl::StatusOr<std::unique_ptr<SequenceSession>> Open(Precision precision) {
    const auto config = ReadBartConfig(Folder() / "model").value();
    const auto weights =
        ResolveParameterNames(OpenCheckpoint(Folder() / "model").value(), config).value();
    TrainingPlan plan;
    plan.device = "cpu";
    plan.threads = 1;
    plan.precision = precision;
    plan.dropout = plan.attention_dropout = plan.activation_dropout = 0.0;
    return SequenceSession::Create(config, &weights, plan);
  }

  // The labels without the -100 behind them.
  static SequenceBatch Batch() {
    auto labels = Golden().at("labels").get<Rows>();
    for (auto& row : labels) std::erase(row, -100);
    const std::vector<std::span<const TokenId>> views(labels.begin(), labels.end());
    return {.source = GoldenBatch(Golden()), .target = PadRows(views, 1)};
  }

  static const nlohmann::json& Golden() {
    static const nlohmann::json goldens = ReadJsonFile(Folder() / "goldens.json");
    return goldens.at("teacher_forcing");
  }

 private:
  static std::filesystem::path Folder() {
    return UnpackTestArchive("goldens/tiny_generator.tar.xz");
  }
};

TEST_F(SequenceLossParityTest, TeacherForcing) {
  const auto session = Open(Precision::kFp32);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto loss = (*session)->Loss(Batch());
  ASSERT_TRUE(loss.ok()) << loss.status();
  const double golden = Golden().at("loss");
  EXPECT_NEAR(loss->sum / static_cast<double>(loss->tokens), golden, 1e-4);
  // And of an update, whose forward pass is the one that learns.
  const auto step = (*session)->Step(std::vector{Batch()}, 0.0);
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_NEAR(step->loss, golden, 1e-4);
  EXPECT_GT(step->gradient_norm, 0.1);
}

TEST_F(SequenceLossParityTest, Bf16IsNear) {
  const auto session = Open(Precision::kBf16);
  ASSERT_TRUE(session.ok()) << session.status();
  const auto loss = (*session)->Loss(Batch());
  ASSERT_TRUE(loss.ok()) << loss.status();
  const double golden = Golden().at("loss");
  EXPECT_NEAR(loss->sum / static_cast<double>(loss->tokens), golden, 0.03);
  // Learning, attention takes another way.
  const auto step = (*session)->Step(std::vector{Batch()}, 0.0);
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_NEAR(step->loss, golden, 0.03);
}

}  // namespace
}  // namespace guichet
