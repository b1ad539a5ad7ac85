#include "model/pretraining/corpus_vocabulary.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/durable_file.h"
#include "model/text/barthez_tokenizer.h"
#include "tests/support/small_corpus.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CorpusVocabularyTest : public ::testing::Test {
 protected:
  CorpusVocabularyTest() {
    WriteSmallCorpus(Corpus(), 400);
    plan_.vocabulary_size = 600;
  }
  fs::path Corpus() const { return folder_.path() / "corpus.txt"; }
  absl::Status Make(const std::string& name) const {
    return MakeVocabulary({Corpus()}, plan_, folder_.path() / name, {});
  }
  std::string Bytes(const std::string& name) const {
    return ReadFile(folder_.path() / name / BarthezTokenizer::kModelFile, 1 << 24).value();
  }

  TempFolder folder_;
  PretrainingPlan plan_;
};

TEST_F(CorpusVocabularyTest, HasBarthezLayout) {
  ASSERT_EQ(Make("v"), absl::OkStatus());
  const auto loaded = LoadTokenizer(folder_.path() / "v");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Tokenizer& tokenizer = **loaded;
  EXPECT_EQ(tokenizer.kind(), "barthez");
  EXPECT_EQ(tokenizer.vocabulary_size(), 600);
  const SpecialTokenIds& ids = tokenizer.special_ids();
  EXPECT_EQ(ids.begin, 0);
  EXPECT_EQ(ids.padding, 1);
  EXPECT_EQ(ids.end, 2);
  EXPECT_EQ(ids.unknown, 3);
  EXPECT_EQ(ids.mask, 599);
  EXPECT_EQ(tokenizer.IdToPiece(599).value(), "<mask>");
}

TEST_F(CorpusVocabularyTest, EncodesAndDecodesFrenchAndMasks) {
  ASSERT_EQ(Make("v"), absl::OkStatus());
  const auto tokenizer = LoadTokenizer(folder_.path() / "v").value();
  const auto whole = tokenizer->Encode("Le mot de passe a expiré.", {}).value();
  EXPECT_EQ(whole.unknown_tokens, 0);
  EXPECT_EQ(tokenizer->Decode(whole.ids, {}).value(), "Le mot de passe a expiré.");
  EXPECT_LT(whole.ids.size(), 20U);
  const auto masked = tokenizer->Encode("Le mot <mask> a expiré.", {}).value();
  EXPECT_EQ(std::ranges::count(masked.ids, 599), 1);
  // As text it is never the special token.
  const auto plain = tokenizer->Encode("Le mot <mask> a", {.parse_special_tokens = false}).value();
  EXPECT_EQ(std::ranges::count(plain.ids, 599), 0);
  // nmt_nfkc: the ligature and the full-width letter become plain ones.
  EXPECT_EQ(tokenizer->Encode("ﬁ Ａ", {}).value().ids, tokenizer->Encode("fi A", {}).value().ids);
}

TEST_F(CorpusVocabularyTest, TheSameTextsGiveTheSameBytes) {
  ASSERT_EQ(Make("one"), absl::OkStatus());
  ASSERT_EQ(Make("two"), absl::OkStatus());
  EXPECT_EQ(Bytes("one"), Bytes("two"));
}

TEST_F(CorpusVocabularyTest, IsMadeOnceAndOnlyForWhatItIsOf) {
  ASSERT_EQ(Make("v"), absl::OkStatus());
  const auto written = fs::last_write_time(folder_.path() / "v" / BarthezTokenizer::kModelFile);
  ASSERT_EQ(Make("v"), absl::OkStatus());
  EXPECT_EQ(fs::last_write_time(folder_.path() / "v" / BarthezTokenizer::kModelFile), written);
  plan_.vocabulary_size = 500;
  EXPECT_EQ(Make("v").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CorpusVocabularyTest, TooLittleTextIsRefusedWithARemedy) {
  std::ofstream(Corpus()) << "Deux mots.\n";
  const absl::Status status = Make("v");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("vocabulary_size 600"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("give more text"));
  EXPECT_FALSE(fs::exists(folder_.path() / "v"));
}

}  // namespace
}  // namespace guichet
