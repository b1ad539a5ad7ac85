// What happens when the model or its device fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pipeline/pipeline_fixture.h"

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class PipelineFailureTest : public PipelineTest {};

TEST_F(PipelineFailureTest, ADeviceErrorIsInternalForTheWholeBatchAndReported) {
  Start();
  std::future<InferenceResult> first = Occupy();
  std::future<InferenceResult> second = Send(2);
  std::future<InferenceResult> third = Send(3);
  classifier_->Release(1);
  EXPECT_TRUE(first.get().logits.ok());
  classifier_->AwaitCalls(2);
  classifier_->FailWith(absl::ResourceExhaustedError("out of device memory"));
  classifier_->ReleaseAll();
  for (auto* answer : {&second, &third}) {
    const absl::Status status = answer->get().logits.status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("out of device memory"));
  }
  EXPECT_EQ(observer_.device_errors(), 1);
  EXPECT_THAT(observer_.rejected(), ElementsAre(Pair("device", 2U)));
}

TEST_F(PipelineFailureTest, RecoversWhenTheDeviceDoes) {
  Start();
  classifier_->FailWith(absl::InternalError("sticky"));
  EXPECT_FALSE(Send(1).get().logits.ok());
  classifier_->FailWith(absl::OkStatus());
  EXPECT_TRUE(Send(2).get().logits.ok());
}

TEST_F(PipelineFailureTest, ABadTextFailsAlone) {
  Start();
  classifier_->RefuseToken(13);
  std::future<InferenceResult> busy = Occupy();
  std::vector<std::future<InferenceResult>> answers;
  for (const TokenId id : {10, 11, 12, 13, 14, 15, 16}) answers.push_back(Send(id, 2));
  classifier_->ReleaseAll();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const InferenceResult result = answers[i].get();
    if (i == 3) {
      EXPECT_EQ(result.logits.status().code(), absl::StatusCode::kInvalidArgument);
    } else {
      ASSERT_TRUE(result.logits.ok()) << i << ": " << result.logits.status();
      EXPECT_EQ(result.logits->at(0), static_cast<float>(10 + i));
    }
  }
  EXPECT_EQ(observer_.device_errors(), 0);
  busy.get();
}

// A classifier that answers fewer rows than it was asked.
class ForgetfulClassifier final : public TextClassifier {
 public:
  absl::StatusOr<Encoding> Encode(std::string_view) const override { return Encoding{}; }
  absl::StatusOr<std::vector<std::vector<float>>> Logits(
      std::span<const std::span<const TokenId>> rows) const override {
    return std::vector<std::vector<float>>(rows.size() - 1);
  }
  const BundleManifest& manifest() const override { return manifest_; }
  std::string_view device() const override { return "cpu"; }
  std::string_view dtype() const override { return "fp32"; }
  std::size_t weight_bytes() const override { return 0; }

 private:
  BundleManifest manifest_;
};

TEST_F(PipelineFailureTest, AMissingRowIsAFailureNotAMixUp) {
  Start();
  Asked asked = Ask(1);
  asked.item.model = std::make_shared<ServedModel>(ServedModel{
      .name = "m", .version = 1, .classifier = std::make_shared<ForgetfulClassifier>()});
  ASSERT_TRUE(SubmitOne(asked).ok());
  const absl::Status status = asked.answer.get().logits.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0 rows came back of 1"));
}

}  // namespace
}  // namespace guichet
