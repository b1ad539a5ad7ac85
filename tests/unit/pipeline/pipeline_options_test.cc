#include "server/pipeline/pipeline_options.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

TEST(PipelineOptionsTest, DefaultsAreValid) { EXPECT_TRUE(PipelineOptions().Validate().ok()); }

TEST(PipelineOptionsTest, EveryFieldOutOfRangeIsNamedTogether) {
  PipelineOptions options;
  options.max_queue_texts = 0;
  options.max_batch_wait = std::chrono::seconds(2);
  options.workers = -1;
  const absl::Status status = options.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_THAT(message,
              testing::HasSubstr("pipeline.max_queue_texts is 0: it must be 1 to 1000000"));
  EXPECT_THAT(message, testing::HasSubstr("pipeline.max_batch_wait"));
  EXPECT_THAT(message, testing::HasSubstr("pipeline.workers is -1"));
  EXPECT_THAT(message, testing::Not(testing::HasSubstr("max_queue_tokens")));
}

}  // namespace
}  // namespace guichet
