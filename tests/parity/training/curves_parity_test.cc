// Sixty updates against transformers' model under torch.optim.AdamW, in eight variants.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/checkpoint/parameter_names.h"
#include "model/network/owned_tensors.h"
#include "model/training/training_session.h"
#include "tests/support/golden_batch.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;

class CurvesParityTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto model = UnpackTestArchive("goldens/tiny_classifier.tar.xz") / "safetensors";
    const auto training = UnpackTestArchive("goldens/training.tar.xz");
    config_ = ReadBartConfig(model).value();
    weights_ = ResolveParameterNames(OpenCheckpoint(model).value(), config_).value();
    curves_ = ReadJsonFile(training / "curves.json");
    for (const json& batch : ReadJsonFile(training / "batches.json")) {
      batches_.push_back({GoldenBatch(batch), batch.at("labels").get<std::vector<int>>(), {}});
    }
  }

  static TrainingPlan PlanOf(const json& options) {
    TrainingPlan plan;
    plan.learning_rate = options.at("lr");
    plan.beta1 = options.at("betas")[0];
    plan.beta2 = options.at("betas")[1];
    plan.epsilon = options.at("eps");
    plan.weight_decay = options.at("weight_decay");
    plan.warmup_ratio = options.at("warmup_ratio");
    plan.clip_norm = options.at("clip");
    plan.label_smoothing = options.at("label_smoothing");
    plan.accumulate = options.at("accumulate");
    plan.dropout = plan.attention_dropout = plan.activation_dropout = plan.classifier_dropout = 0.0;
    plan.threads = 1;
    plan.device = "cpu";
    return plan;
  }

  // Runs all updates and compares each with the golden curve.
  void Follow(TrainingSession& session, const json& variant, int accumulate) const {
    const int steps = curves_.at("steps");
    for (int step = 0; step < steps; ++step) {
      std::vector<TrainingBatch> micro;
      for (int k = 0; k < accumulate; ++k) {
        micro.push_back(
            batches_[static_cast<std::size_t>(step * accumulate + k) % batches_.size()]);
      }
      const auto result = session.Step(micro);
      ASSERT_TRUE(result.ok()) << result.status();
      const auto at = static_cast<std::size_t>(step);
      const double norm = variant.at("gradient_norms")[at];
      const double rate = variant.at("learning_rates")[at];
      EXPECT_NEAR(result->loss, variant.at("losses")[at].get<double>(), 1e-4) << "step " << step;
      EXPECT_NEAR(result->gradient_norm, norm, 1e-3 * norm) << "step " << step;
      EXPECT_NEAR(result->learning_rate, rate, 1e-12 * rate) << "step " << step;
    }
  }

  BartConfig config_;
  ModelWeights weights_;
  json curves_;
  std::vector<TrainingBatch> batches_;
};

TEST_P(CurvesParityTest, LossGradientNormRateAndProbe) {
  const json& variant = curves_.at("variants").at(GetParam());
  const json& options = variant.at("options");
  SessionOptions session_options;
  session_options.total_steps = curves_.at("steps");
  if (!options.at("class_weights").is_null()) {
    session_options.class_weights = Flatten(options.at("class_weights"));
  }
  const auto session =
      TrainingSession::Create(config_, &weights_, PlanOf(options), session_options);
  ASSERT_TRUE(session.ok()) << session.status();
  Follow(**session, variant, options.at("accumulate"));

  const auto probe = (*session)->Logits({GoldenBatch(curves_.at("probe")), {}, {}});
  ASSERT_TRUE(probe.ok()) << probe.status();
  EXPECT_LT(LargestDifference(*probe, Flatten(variant.at("probe_logits"))), 1e-3F);
  if (!variant.contains("final_parameter_norms")) return;
  const auto weights = (*session)->Export();
  ASSERT_TRUE(weights.ok()) << weights.status();
  for (const auto& [name, norm] : variant.at("final_parameter_norms").items()) {
    ASSERT_TRUE(weights->tensors.contains(name)) << name;
    const std::vector<float> values = ReadFloats(weights->tensors.at(name)).value();
    double squares = 0;
    for (const double value : values) squares += value * value;
    EXPECT_NEAR(std::sqrt(squares), norm.get<double>(), 1e-3 * norm.get<double>() + 1e-3) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, CurvesParityTest,
                         ::testing::Values("base", "label_smoothing", "class_weights",
                                           "smoothing_and_weights", "accumulate_2", "no_clip",
                                           "weight_decay_0.2", "adam_98"),
                         [](const auto& variant) {
                           std::string name = variant.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace guichet
