#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "model/text/tokenizer.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/text/sentencepiece_file.h"

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Type = SentencePieceFile::Type;

void Write(const TempFolder& folder, const std::string& name, std::string_view contents) {
  std::ofstream(folder.path() / name, std::ios::binary) << contents;
}

absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const SentencePieceFile& file,
                                                      const std::string& config = "") {
  const TempFolder folder;
  Write(folder, "sentencepiece.bpe.model", file.Serialize());
  if (!config.empty()) Write(folder, "config.json", config);
  return LoadTokenizer(folder.path());
}

void ExpectRefused(const absl::Status& status, const std::string& part) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(part));
}

TEST(LoadTokenizerTest, NamesTheFilesLookedFor) {
  const TempFolder folder;
  const absl::Status status = LoadTokenizer(folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  for (const char* part : {"sentencepiece.bpe.model", "vocab.json", "merges.txt"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }
  Write(folder, "vocab.json", "{}");  // one of two is not enough
  EXPECT_EQ(LoadTokenizer(folder.path()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(LoadTokenizer(folder.path() / "absent").status().code(), absl::StatusCode::kNotFound);
}

TEST(LoadTokenizerTest, TakesTheIdsOfAnyModelOfTheFamily) {
  SentencePieceFile file = SentencePieceFile::Small();
  std::swap(file.pieces[0], file.pieces[3]);
  file.pieces.push_back({"<mask>", 0, Type::kNormal});
  const auto tokenizer = Load(file).value();
  EXPECT_EQ(tokenizer->vocabulary_size(), 10);
  EXPECT_EQ(tokenizer->special_ids().begin, 3);
  EXPECT_EQ(tokenizer->special_ids().unknown, 0);
  EXPECT_EQ(tokenizer->special_ids().mask, 9);
  EXPECT_THAT(tokenizer->Encode("ab z<mask>", {}).value().ids, ElementsAre(3, 4, 8, 6, 0, 9, 2));
}

TEST(LoadTokenizerTest, AddsAMissingMaskAfterTheLastPiece) {
  const auto tokenizer = Load(SentencePieceFile::Small()).value();
  EXPECT_EQ(tokenizer->special_ids().mask, 9);
  EXPECT_EQ(tokenizer->vocabulary_size(), 10);
  EXPECT_EQ(tokenizer->IdToPiece(9).value(), "<mask>");
  EXPECT_THAT(tokenizer->Encode("a<mask>", {}).value().ids, ElementsAre(0, 4, 9, 2));
  EXPECT_EQ(
      tokenizer->Decode(std::vector<TokenId>{4, 9, 4}, {.skip_special_tokens = false}).value(),
      "a<mask>a");
}

TEST(LoadTokenizerTest, AddsAMissingPaddingBeforeTheMask) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.pieces.erase(file.pieces.begin() + 1);
  const auto tokenizer = Load(file).value();
  EXPECT_EQ(tokenizer->special_ids().padding, 8);
  EXPECT_EQ(tokenizer->special_ids().mask, 9);
}

TEST(LoadTokenizerTest, RefusesModelsWithoutTheSpecialTokens) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.pieces[2].text = "<end>";
  ExpectRefused(Load(file).status(), "no piece </s>");
  file = SentencePieceFile::Small();
  file.pieces[2].type = Type::kUserDefined;
  ExpectRefused(Load(file).status(), "not a control piece");
  file = SentencePieceFile::Small();
  file.pieces[3].text = "<?>";
  ExpectRefused(Load(file).status(), "not <unk>");
}

TEST(LoadTokenizerTest, RefusesWhatIsNoSentencepieceModel) {
  const TempFolder folder;
  for (const std::string& contents :
       {std::string(), std::string("not a model"), std::string("\x0a\xff\xff\xff\xff\x0f", 6)}) {
    Write(folder, "sentencepiece.bpe.model", contents);
    const absl::Status status = LoadTokenizer(folder.path()).status();
    ExpectRefused(status, "sentencepiece.bpe.model");
  }
}

TEST(LoadTokenizerTest, AConfigBesideItMustAgree) {
  const SentencePieceFile file = SentencePieceFile::Small();  // ten pieces with the mask
  EXPECT_TRUE(Load(file, R"({"vocab_size":10,"bos_token_id":0,"eos_token_id":2})").ok());
  EXPECT_TRUE(Load(file, R"({"bos_token_id":null})").ok());
  ExpectRefused(Load(file, R"({"vocab_size":11})").status(), "vocab_size is 11");
  ExpectRefused(Load(file, R"({"vocab_size":9})").status(), "vocab_size is 9");
  ExpectRefused(Load(file, R"({"eos_token_id":1})").status(), "eos_token_id is 1");
  ExpectRefused(Load(file, R"({"pad_token_id":"1"})").status(), "pad_token_id");
  ExpectRefused(Load(file, "[]").status(), "config.json");
  ExpectRefused(Load(file, "{").status(), "config.json");
}

TEST(LoadTokenizerTest, ABartConfigMayLeaveTheMaskOut) {
  const TempFolder folder;
  Write(folder, "vocab.json", R"({"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"<mask>":5})");
  Write(folder, "merges.txt", "#version: 0.2\n");
  for (const auto& [size, ok] : {std::pair{"6", true}, {"5", true}, {"4", false}, {"7", false}}) {
    Write(folder, "config.json", std::string(R"({"vocab_size":)").append(size).append("}"));
    EXPECT_EQ(LoadTokenizer(folder.path()).ok(), ok) << size;
  }
}

}  // namespace
}  // namespace guichet
