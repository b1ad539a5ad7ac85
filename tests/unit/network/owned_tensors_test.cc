#include "model/network/owned_tensors.h"

#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<OwnedTensors> TwoTensors(float last) {
  auto tensors = std::make_shared<OwnedTensors>();
  tensors->Add("classification_head.out_proj.weight", {2, 1}, {1.0F, last});
  tensors->Add("classification_head.out_proj.bias", {2}, {0.0F, 0.5F});
  return tensors;
}

TEST(OwnedTensorsTest, ViewsShowWhatWasAddedAndReplaced) {
  const auto tensors = TwoTensors(2.0F);
  tensors->Add("classification_head.out_proj.bias", {1}, {7.0F});
  const TensorView& view = tensors->tensors().at("classification_head.out_proj.bias");
  EXPECT_THAT(view.shape, ElementsAre(1));
  EXPECT_THAT(ReadFloats(view).value(), ElementsAre(7.0F));
}

TEST(OwnedTensorsTest, ModelWeightsKeepTheStorageAliveAndKnowTheirParts) {
  const ModelWeights weights = ToModelWeights(TwoTensors(2.0F));
  EXPECT_TRUE(weights.has_classification_head);
  EXPECT_FALSE(weights.has_decoder);
  EXPECT_THAT(ReadFloats(weights.tensors.at("classification_head.out_proj.weight")).value(),
              ElementsAre(1.0F, 2.0F));
}

TEST(HashWeightsTest, ChangesWithEveryBitAndWithNames) {
  const std::string hash = HashWeights(TwoTensors(2.0F)->tensors()).value();
  EXPECT_EQ(hash, HashWeights(TwoTensors(2.0F)->tensors()).value());
  EXPECT_NE(hash, HashWeights(TwoTensors(2.0000002F)->tensors()).value());
  auto renamed = TwoTensors(2.0F);
  renamed->Add("other", {0}, {});
  EXPECT_NE(hash, HashWeights(renamed->tensors()).value());
}

TEST(ReadFloatsTest, RefusesWholeNumbers) {
  const std::vector<std::int64_t> numbers = {1, 2};
  const TensorView view{
      .dtype = DType::kI64, .shape = {2}, .data = std::as_bytes(std::span(numbers))};
  EXPECT_EQ(ReadFloats(view).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace guichet
