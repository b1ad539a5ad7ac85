#include "server/registry/warm_up.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/fake_classifier.h"

namespace guichet {
namespace {

TEST(WarmUpTest, RunsTheLargestAndTheSmallestBatches) {
  const FakeClassifier classifier;
  ASSERT_TRUE(WarmUp(classifier, {.batches = 2, .batch_tokens = 4096, .batch_texts = 64}).ok());
  std::size_t most_texts = 0;
  std::size_t longest = 0;
  bool alone = false;
  for (const FakeClassifier::Call& call : classifier.calls()) {
    most_texts = std::max(most_texts, call.rows.size());
    alone = alone || (call.rows.size() == 1 && call.rows[0].size() < 100);
    for (const auto& row : call.rows) longest = std::max(longest, row.size());
  }
  EXPECT_EQ(classifier.calls().size(), 6U);
  EXPECT_EQ(most_texts, 64U);
  EXPECT_GE(longest, 1024U);
  EXPECT_TRUE(alone);
}

TEST(WarmUpTest, BatchesStayWithinTheBudget) {
  const FakeClassifier classifier;
  ASSERT_TRUE(WarmUp(classifier, {.batches = 1, .batch_tokens = 200, .batch_texts = 8}).ok());
  for (const FakeClassifier::Call& call : classifier.calls()) {
    std::size_t tokens = 0;
    for (const auto& row : call.rows) tokens += row.size();
    EXPECT_TRUE(tokens <= 200 || call.rows.size() == 1);
    EXPECT_LE(call.rows.size(), 8U);
  }
}

TEST(WarmUpTest, NoneMeansNone) {
  const FakeClassifier classifier;
  ASSERT_TRUE(WarmUp(classifier, {.batches = 0}).ok());
  EXPECT_TRUE(classifier.calls().empty());
}

TEST(WarmUpTest, TheModelsErrorIsReturned) {
  FakeClassifier classifier;
  classifier.FailWith(absl::InternalError("broken"));
  EXPECT_EQ(WarmUp(classifier, {}).message(), "broken");
}

TEST(WarmUpTest, RefusesNumbersOutOfRange) {
  const FakeClassifier classifier;
  EXPECT_EQ(WarmUp(classifier, {.batches = -1}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WarmUp(classifier, {.batches = 101}).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace guichet
