#include "model/generation/generation_config.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The fields of the real BARThez file that matter.
BartConfig Barthez() {
  return ParseBartConfig(R"({"model_type":"mbart","vocab_size":200,"d_model":32,
    "encoder_attention_heads":4,"decoder_attention_heads":4,"num_beams":4,"early_stopping":true,
    "no_repeat_ngram_size":3,"use_cache":true})")
      .value();
}

TEST(GenerationConfigTest, WithoutItsFileConfigJsonCounts) {
  const auto options = ParseGenerationOptions("", Barthez());
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->num_beams, 4);
  EXPECT_EQ(options->early_stopping, EarlyStopping::kTrue);
  EXPECT_EQ(options->no_repeat_ngram_size, 3);
  EXPECT_EQ(options->forced_eos_token_id, 2);  // MBartConfig's own default
  EXPECT_EQ(options->forced_bos_token_id, std::nullopt);
  EXPECT_EQ(options->max_length, 20);
  EXPECT_EQ(options->top_k, 50);
  EXPECT_FALSE(options->do_sample);
}

// As transformers 4.57 was seen to do.
TEST(GenerationConfigTest, WithItsFileConfigJsonsFieldsDoNotCount) {
  const auto options = ParseGenerationOptions(R"({"num_beams":2})", Barthez());
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->num_beams, 2);
  EXPECT_EQ(options->early_stopping, EarlyStopping::kFalse);
  EXPECT_EQ(options->no_repeat_ngram_size, 0);
  EXPECT_EQ(options->forced_eos_token_id, std::nullopt);
  EXPECT_EQ(options->decoder_start_token_id, 2);  // where transformers would fail
  EXPECT_EQ(options->eos_token_id, 2);
}

TEST(GenerationConfigTest, EveryFieldIsRead) {
  const auto options = ParseGenerationOptions(R"({"max_length":50,"min_length":3,"min_new_tokens":4,
    "num_beams":5,"num_return_sequences":2,"early_stopping":"never","length_penalty":0.8,
    "repetition_penalty":1.3,"no_repeat_ngram_size":2,"bad_words_ids":[[5],[6,7]],"do_sample":true,
    "temperature":0.7,"top_k":10,"top_p":0.9,"forced_bos_token_id":0,"forced_eos_token_id":[3],
    "decoder_start_token_id":9,"eos_token_id":3,"transformers_version":"4.57.6"})",
                                              Barthez());
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->max_length, 50);
  EXPECT_EQ(options->min_length, 3);
  EXPECT_EQ(options->min_new_tokens, 4);
  EXPECT_EQ(options->num_beams, 5);
  EXPECT_EQ(options->num_return_sequences, 2);
  EXPECT_EQ(options->early_stopping, EarlyStopping::kNever);
  EXPECT_EQ(options->length_penalty, 0.8);
  EXPECT_EQ(options->repetition_penalty, 1.3);
  EXPECT_EQ(options->no_repeat_ngram_size, 2);
  EXPECT_THAT(options->bad_words, ElementsAre(std::vector<TokenId>{5}, std::vector<TokenId>{6, 7}));
  EXPECT_TRUE(options->do_sample);
  EXPECT_EQ(options->temperature, 0.7);
  EXPECT_EQ(options->top_k, 10);
  EXPECT_EQ(options->top_p, 0.9);
  EXPECT_EQ(options->forced_bos_token_id, 0);
  EXPECT_EQ(options->forced_eos_token_id, 3);
  EXPECT_EQ(options->decoder_start_token_id, 9);
  EXPECT_EQ(options->eos_token_id, 3);
  const auto new_tokens = ParseGenerationOptions(R"({"max_new_tokens":7})", Barthez());
  ASSERT_TRUE(new_tokens.ok());
  EXPECT_EQ(new_tokens->max_length, 8);
}

TEST(GenerationConfigTest, AMessageNamesTheKeyAndWhatIsAccepted) {
  for (const auto& [json, words] : std::vector<std::pair<std::string, std::string>>{
           {R"({"num_beams":"four"})", "num_beams is \"four\"; expected a whole number"},
           {R"({"num_beams":-1})", "num_beams is -1"},
           {R"({"early_stopping":"always"})", "early_stopping is \"always\"; expected true"},
           {R"({"eos_token_id":[2,3]})", "eos_token_id is [2,3]; expected one token id"},
           {R"({"bad_words_ids":[5]})", "bad_words_ids is 5; expected a list of lists"},
           {R"({"do_sample":1})", "do_sample is 1; expected true or false"},
           {R"({"diversity_penalty":0.5})", "diversity_penalty is 0.5"},
           {R"([])", "expected a JSON object"}}) {
    const auto options = ParseGenerationOptions(json, Barthez());
    EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(options.status().message()), HasSubstr(words));
  }
}

TEST(GenerationConfigTest, ParametersThatAreOffAreLeftAside) {
  const auto options = ParseGenerationOptions(
      R"({"diversity_penalty":0.0,"num_beam_groups":1,"typical_p":1.0,"suppress_tokens":null})",
      Barthez());
  EXPECT_TRUE(options.ok()) << options.status();
}

}  // namespace
}  // namespace guichet
