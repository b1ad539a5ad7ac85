#include "model/inference/prediction.h"

#include <cmath>

#include <gtest/gtest.h>

namespace guichet {
namespace {

BundleManifest ThreeLabels() {
  BundleManifest manifest;
  manifest.labels = {"Messagerie", "Réseau", "Matériel"};
  return manifest;
}

TEST(MakePredictionTest, ScoresAreTheSoftmaxFalling) {
  const std::vector<float> logits = {1.0F, 3.0F, 2.0F};
  const Prediction prediction = MakePrediction(logits, ThreeLabels(), {});
  ASSERT_EQ(prediction.scores.size(), 3U);
  EXPECT_EQ(prediction.scores[0].label, 1);
  EXPECT_EQ(prediction.scores[1].label, 2);
  const double total = std::exp(-2.0) + 1.0 + std::exp(-1.0);
  EXPECT_NEAR(prediction.scores[0].score, 1.0 / total, 1e-6);
  EXPECT_NEAR(prediction.scores[2].score, std::exp(-2.0) / total, 1e-6);
}

TEST(MakePredictionTest, HugeLogitsDoNotOverflow) {
  const std::vector<float> logits = {-1e30F, -3e38F, 3e38F};
  const Prediction prediction = MakePrediction(logits, ThreeLabels(), {});
  EXPECT_EQ(prediction.scores[0].label, 2);
  EXPECT_FLOAT_EQ(prediction.scores[0].score, 1.0F);
}

TEST(MakePredictionTest, TemperatureFlattensWithoutReordering) {
  BundleManifest manifest = ThreeLabels();
  const std::vector<float> logits = {1.0F, 3.0F, 2.0F};
  const float sharp = MakePrediction(logits, manifest, {}).scores[0].score;
  manifest.temperature = 4.0;
  const Prediction flat = MakePrediction(logits, manifest, {});
  EXPECT_EQ(flat.scores[0].label, 1);
  EXPECT_LT(flat.scores[0].score, sharp);
}

TEST(MakePredictionTest, TopKAndMinScoreKeepTheBest) {
  const std::vector<float> logits = {0.0F, 0.1F, 0.2F};
  EXPECT_EQ(MakePrediction(logits, ThreeLabels(), {.top_k = 2}).scores.size(), 2U);
  EXPECT_EQ(MakePrediction(logits, ThreeLabels(), {.top_k = 9}).scores.size(), 3U);
  const Prediction strict = MakePrediction(logits, ThreeLabels(), {.min_score = 0.99F});
  ASSERT_EQ(strict.scores.size(), 1U);
  EXPECT_EQ(strict.scores[0].label, 2);
}

TEST(MakePredictionTest, TiesGoToTheLowerIndex) {
  const std::vector<float> logits = {0.5F, 0.5F, 0.5F};
  const Prediction prediction = MakePrediction(logits, ThreeLabels(), {});
  EXPECT_EQ(prediction.scores[0].label, 0);
  EXPECT_EQ(prediction.scores[2].label, 2);
}

TEST(MakePredictionTest, AbstainsBelowTheBestLabelsThreshold) {
  BundleManifest manifest = ThreeLabels();
  manifest.thresholds = {0.0, 0.9, 0.0};
  EXPECT_TRUE(MakePrediction(std::vector<float>{0.0F, 1.0F, 0.0F}, manifest, {}).abstained);
  EXPECT_FALSE(MakePrediction(std::vector<float>{0.0F, 9.0F, 0.0F}, manifest, {}).abstained);
  EXPECT_FALSE(MakePrediction(std::vector<float>{1.0F, 0.0F, 0.0F}, manifest, {}).abstained);
}

TEST(MakePredictionTest, AThresholdOfOneAbstainsFromCertainty) {
  BundleManifest manifest = ThreeLabels();
  const std::vector<float> certain = {0.0F, 99.0F, 0.0F};  // a probability of 1 in float
  ASSERT_EQ(MakePrediction(certain, manifest, {}).scores[0].score, 1.0F);
  manifest.thresholds = {0.0, std::nextafter(1.0, 0.0), 0.0};
  EXPECT_FALSE(MakePrediction(certain, manifest, {}).abstained);
  manifest.thresholds[1] = 1.0;
  EXPECT_TRUE(MakePrediction(certain, manifest, {}).abstained);
}

}  // namespace
}  // namespace guichet
