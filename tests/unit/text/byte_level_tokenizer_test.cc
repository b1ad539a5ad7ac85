#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/tokenizer.h"
#include "tests/support/gzip_file.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void Write(const TempFolder& folder, const std::string& name, std::string_view contents) {
  std::ofstream(folder.path() / name, std::ios::binary) << contents;
}

constexpr std::string_view kVocabulary =
    R"({"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"ab":6,"Ġ":7,"<mask>":8})";

absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadSmall(
    std::string_view vocabulary = kVocabulary, std::string_view merges = "a b\n",
    std::string_view config = "{}") {
  const TempFolder folder;
  Write(folder, "vocab.json", vocabulary);
  Write(folder, "merges.txt", merges);
  Write(folder, "tokenizer_config.json", config);
  return LoadTokenizer(folder.path());
}

std::unique_ptr<const Tokenizer> LoadReal() {
  const TempFolder folder;
  UnpackGzip(TestData("tokenizer/bart_vocab.json.gz"), folder.path() / "vocab.json");
  UnpackGzip(TestData("tokenizer/bart_merges.txt.gz"), folder.path() / "merges.txt");
  return LoadTokenizer(folder.path()).value();
}

TEST(ByteLevelTokenizerTest, EncodesTheSentenceOfTheNotebook) {
  const auto bart = LoadReal();
  EXPECT_EQ(bart->kind(), "bart");
  EXPECT_EQ(bart->vocabulary_size(), 50265);
  EXPECT_EQ(bart->special_ids().mask, 50264);
  EXPECT_THAT(bart->Pieces("Je suis au campus de l'Université de Sherbrooke", true).value(),
              ElementsAre("Je", "Ġsu", "is", "Ġau", "Ġcampus", "Ġde", "Ġl", "'", "Un", "ivers",
                          "itÃ©", "Ġde", "ĠSher", "bro", "oke"));
  EXPECT_THAT(bart->Encode("A, <mask> AllenNLP sentence.", {}).value().ids,
              ElementsAre(0, 250, 6, 50264, 3823, 487, 21992, 3645, 4, 2));
}

TEST(ByteLevelTokenizerTest, ALongTextWithoutSpacesIsEncodedInTime) {
  const auto bart = LoadReal();
  for (const std::string_view unit : {"a", "Bonjour", "\u0301", "-"}) {
    std::string text;
    while (text.size() < (std::size_t{1} << 16)) text += unit;
    const auto start = std::chrono::steady_clock::now();
    const auto encoding = bart->Encode(text, {.max_length = 64});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << unit;
    EXPECT_EQ(encoding.value().ids.size(), 64U);
  }
}

TEST(ByteLevelTokenizerTest, WhatTheVocabularyLacksIsUnknown) {
  const auto tokenizer = LoadSmall().value();
  const Encoding encoding = tokenizer->Encode("ab c", {}).value();
  EXPECT_THAT(encoding.ids, ElementsAre(0, 6, 7, 3, 2));
  EXPECT_EQ(encoding.unknown_tokens, 1);
}

TEST(ByteLevelTokenizerTest, ReadsAddPrefixSpace) {
  const auto tokenizer = LoadSmall(kVocabulary, "a b\n", R"({"add_prefix_space":true})").value();
  EXPECT_THAT(tokenizer->Encode("ab", {}).value().ids, ElementsAre(0, 7, 6, 2));
  EXPECT_THAT(tokenizer->Encode(" ab", {}).value().ids, ElementsAre(0, 7, 6, 2));
  EXPECT_THAT(tokenizer->Encode("", {}).value().ids, ElementsAre(0, 2));
}

TEST(ByteLevelTokenizerTest, ListsItsFiles) {
  const auto tokenizer = LoadSmall().value();
  std::vector<std::string> names;
  for (const auto& file : tokenizer->files()) names.push_back(file.filename());
  EXPECT_THAT(names, ElementsAre("vocab.json", "merges.txt", "tokenizer_config.json"));
}

TEST(ByteLevelTokenizerTest, RefusesBrokenFilesByName) {
  const auto expect = [](const absl::Status& status, const std::string& part) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  };
  expect(LoadSmall("[]").status(), "vocab.json");
  expect(LoadSmall("{").status(), "vocab.json");
  expect(LoadSmall(R"({"<s>":0,"<pad>":0})").status(), "each once");
  expect(LoadSmall(R"({"<s>":0,"<pad>":7})").status(), "0 to 1");
  expect(LoadSmall(R"({"<s>":0,"<pad>":-1})").status(), "0 to 1");
  expect(LoadSmall(R"({"<s>":0,"<pad>":1})").status(), "</s> is missing");
  expect(LoadSmall(R"({"a b":0})").status(), "byte-level");
  expect(LoadSmall(kVocabulary, "a b c\n").status(), "merges.txt: line 1");
  expect(LoadSmall(kVocabulary, "a b\n", "[]").status(), "tokenizer_config.json");
  expect(LoadSmall(kVocabulary, "a b\n", R"({"add_prefix_space":1})").status(),
         "add_prefix_space is 1");
}

}  // namespace
}  // namespace guichet
