#include "model/generation/generation_options.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::HasSubstr;

constexpr GenerationLimits kLimits{.vocabulary_size = 100, .max_positions = 64};

TEST(GenerationOptionsTest, TheDefaultsAreInOrder) {
  EXPECT_TRUE(Validate({}, kLimits).ok()) << Validate({}, kLimits);
}

TEST(GenerationOptionsTest, AMessageNamesTheFieldAndItsBound) {
  struct Wrong {
    std::function<void(GenerationOptions&)> set;
    std::string field;
    std::string bound;
  };
  const std::vector<Wrong> wrongs = {
      {[](auto& o) { o.max_length = 65; }, "max_length is 65", "2 to 64"},
      {[](auto& o) { o.max_length = 1; }, "max_length is 1", "2 to 64"},
      {[](auto& o) { o.min_length = 21; }, "min_length is 21", "0 to 20"},
      {[](auto& o) { o.min_new_tokens = 20; }, "min_new_tokens is 20", "0 to 19"},
      {[](auto& o) { o.num_beams = 0; }, "num_beams is 0", "1 to 64"},
      {[](auto& o) { o.num_beams = 65; }, "num_beams is 65", "1 to 64"},
      {[](auto& o) { o.num_return_sequences = 0; }, "num_return_sequences is 0", "1 to 64"},
      {[](auto& o) { o.no_repeat_ngram_size = -1; }, "no_repeat_ngram_size is -1", "0 to 64"},
      {[](auto& o) { o.top_k = 101; }, "top_k is 101", "0 to 100"},
      {[](auto& o) { o.top_p = 0.0; }, "top_p is 0", "above 0"},
      {[](auto& o) { o.temperature = 0.0; }, "temperature is 0", "above 0"},
      {[](auto& o) { o.temperature = NAN; }, "temperature is nan", "above 0"},
      {[](auto& o) { o.repetition_penalty = -1.0; }, "repetition_penalty is -1", "above 0"},
      {[](auto& o) { o.length_penalty = 1e9; }, "length_penalty", "-1000 to 1000"},
      {[](auto& o) { o.forced_bos_token_id = 100; }, "forced_bos_token_id is 100", "0 to 99"},
      {[](auto& o) { o.forced_eos_token_id = -1; }, "forced_eos_token_id is -1", "0 to 99"},
      {[](auto& o) { o.eos_token_id = 100; }, "eos_token_id is 100", "0 to 99"},
      {[](auto& o) { o.bad_words = {{}}; }, "bad_words", "without tokens"},
      {[](auto& o) { o.bad_words = {{5, 100}}; }, "bad_words is 100", "0 to 99"},
      {[](auto& o) { o.num_return_sequences = 2; }, "greedy", "add beams or sample"},
      {[](auto& o) { o.num_beams = 2, o.num_return_sequences = 3; }, "num_return_sequences is 3",
       "raise num_beams"},
  };
  for (const Wrong& wrong : wrongs) {
    GenerationOptions options;
    wrong.set(options);
    const absl::Status status = Validate(options, kLimits);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong.field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(wrong.field));
    EXPECT_THAT(std::string(status.message()), HasSubstr(wrong.bound));
  }
}

TEST(GenerationOptionsTest, SamplesMayBeMoreThanBeams) {
  GenerationOptions options;
  options.do_sample = true;
  options.num_return_sequences = 5;
  EXPECT_TRUE(Validate(options, kLimits).ok());
}

TEST(GenerationOptionsTest, NamesOfEarlyStoppingReadBack) {
  for (const auto one : {EarlyStopping::kFalse, EarlyStopping::kTrue, EarlyStopping::kNever}) {
    EXPECT_EQ(ParseEarlyStopping(NameOf(one)).value(), one);
  }
  EXPECT_THAT(std::string(ParseEarlyStopping("always").status().message()), HasSubstr("always"));
}

}  // namespace
}  // namespace guichet
