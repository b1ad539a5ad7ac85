#include "server/rpc/generation_messages.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_generator.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

class GenerationMessagesTest : public ::testing::Test {
 protected:
  std::optional<CallError> Read(const std::function<void(v1::GenerationOptions&)>& change) {
    v1::GenerationOptions message;
    change(message);
    return ReadGenerationOptions(message, generator_, limits_, &options_);
  }
  void ExpectRefusal(const std::function<void(v1::GenerationOptions&)>& change,
                     const std::string& words) {
    const auto error = Read(change);
    ASSERT_TRUE(error.has_value()) << words;
    EXPECT_EQ(error->code, absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(error->message, HasSubstr(words));
    EXPECT_FALSE(error->violations.empty());
  }

  const ScriptedGenerator generator_;
  const GenerationServiceOptions limits_{.model = "m", .max_length = 20, .max_beams = 4};
  GenerationOptions options_;
};

TEST_F(GenerationMessagesTest, WhatIsUnsetIsAsTheModelSays) {
  EXPECT_FALSE(Read([](auto&) {}).has_value());
  EXPECT_EQ(options_.max_length, generator_.defaults().max_length);
  EXPECT_EQ(options_.early_stopping, generator_.defaults().early_stopping);
}

TEST_F(GenerationMessagesTest, WhatIsSetCountsAlsoWhereItIsZero) {
  const auto error = Read([](auto& message) {
    message.set_max_length(20);
    message.set_num_beams(4);
    message.set_num_return_sequences(2);
    message.set_early_stopping(v1::GenerationOptions::NEVER);
    message.set_length_penalty(0);
    message.set_no_repeat_ngram_size(0);
    message.set_top_k(0);
    message.set_seed(7);
  });
  EXPECT_FALSE(error.has_value()) << error->message;
  EXPECT_EQ(options_.max_length, 20);
  EXPECT_EQ(options_.num_beams, 4);
  EXPECT_EQ(options_.num_return_sequences, 2);
  EXPECT_EQ(options_.early_stopping, EarlyStopping::kNever);
  EXPECT_EQ(options_.length_penalty, 0);
  EXPECT_EQ(options_.top_k, 0);
  EXPECT_EQ(options_.seed, 7U);
}

TEST_F(GenerationMessagesTest, WhatIsBeyondALimitIsRefusedByName) {
  ExpectRefusal([](auto& message) { message.set_max_length(21); }, "generation.max_length");
  ExpectRefusal([](auto& message) { message.set_num_beams(5); }, "generation.max_beams");
  ExpectRefusal([](auto& message) { message.set_num_return_sequences(9); }, "generation.max_beams");
  ExpectRefusal([](auto& message) { message.set_temperature(-1); }, "temperature");
  ExpectRefusal([](auto& message) { message.set_num_beams(0); }, "num_beams");
  ExpectRefusal(
      [](auto& message) {
        message.set_early_stopping(static_cast<v1::GenerationOptions::EarlyStopping>(9));
      },
      "early_stopping");
}

TEST_F(GenerationMessagesTest, TheResultCountsTokensWithoutStartTokens) {
  GenerationOutcome outcome;
  outcome.sequences = {{.ids = {2, 10, 11}, .score = -1.5}, {.ids = {2, 12}, .score = -2}};
  v1::GenerationResult result;
  WriteGenerationResult(outcome, 8, generator_, &result);
  EXPECT_EQ(result.sequences_size(), 2);
  EXPECT_EQ(result.sequences(0).text(), "1011");
  EXPECT_EQ(result.sequences(0).score(), -1.5);
  EXPECT_EQ(result.generated_tokens(), 3);
  EXPECT_EQ(result.prompt_tokens(), 8);
}

}  // namespace
}  // namespace guichet
