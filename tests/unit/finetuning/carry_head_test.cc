#include "model/finetuning/carry_head.h"

#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/network/owned_tensors.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;

// A body of one tensor and a head of three labels over two features.
ModelWeights Weights() {
  auto tensors = std::make_shared<OwnedTensors>();
  tensors->Add("model.encoder.layer_norm.weight", {2}, {7, 8});
  tensors->Add("classification_head.dense.weight", {2, 2}, {1, 0, 0, 1});
  tensors->Add("classification_head.dense.bias", {2}, {0, 0});
  tensors->Add("classification_head.out_proj.weight", {3, 2}, {1, 2, 3, 4, 5, 6});
  tensors->Add("classification_head.out_proj.bias", {3}, {0.1F, 0.2F, 0.3F});
  return ToModelWeights(std::move(tensors));
}

std::vector<float> Values(const ModelWeights& weights, const char* name) {
  return ReadFloats(weights.tensors.at(name)).value();
}

TEST(CarryHeadTest, KeepsTheRowsOfLabelsThatStayAndStartsNewOnesAtZero) {
  ModelWeights weights = Weights();
  ASSERT_TRUE(CarryHead({"a", "b", "c"}, {"c", "new", "a"}, weights).ok());
  EXPECT_TRUE(weights.has_classification_head);
  EXPECT_THAT(Values(weights, "classification_head.out_proj.weight"),
              ElementsAre(5, 6, 0, 0, 1, 2));
  EXPECT_THAT(Values(weights, "classification_head.out_proj.bias"), ElementsAre(0.3F, 0, 0.1F));
  EXPECT_THAT(weights.tensors.at("classification_head.out_proj.weight").shape, ElementsAre(3, 2));
  EXPECT_THAT(Values(weights, "classification_head.dense.weight"), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(Values(weights, "model.encoder.layer_norm.weight"), ElementsAre(7, 8));
}

TEST(CarryHeadTest, OfQuiteOtherLabelsNothingIsKept) {
  ModelWeights weights = Weights();
  ASSERT_TRUE(CarryHead({"LABEL_0", "LABEL_1", "LABEL_2"}, {"a", "b"}, weights).ok());
  EXPECT_FALSE(weights.has_classification_head);
  EXPECT_EQ(weights.tensors.size(), 1U);
  EXPECT_THAT(Values(weights, "model.encoder.layer_norm.weight"), ElementsAre(7, 8));
}

}  // namespace
}  // namespace guichet
