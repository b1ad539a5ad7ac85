#include "model/text/long_text.h"

#include <cstdint>
#include <fstream>
#include <memory>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "model/text/sentencepiece_model.h"
#include "tests/unit/text/sentencepiece_file.h"

namespace guichet {
namespace {

using testing::ElementsAre;

constexpr LongTextLimits kWhole{.whole_bytes = SIZE_MAX};
constexpr LongTextLimits kTinyParts{.whole_bytes = 0, .part_bytes = 8, .unknown_run = 2};

std::unique_ptr<const SentencePieceModel> Parse(const std::string& model,
                                                const LongTextLimits& limits) {
  std::string error;
  auto parsed = SentencePieceModel::Parse(model, limits, error);
  EXPECT_NE(parsed, nullptr) << error;
  return parsed;
}

std::string RealModel() {
  std::ifstream file(BuiltInFolder("barthez").value() / "sentencepiece.bpe.model",
                     std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// Texts made of what is delicate around a cut: known and unknown characters, spaces of all kinds,
// characters that normalise to nothing, to several, or together with the next one.
std::vector<std::string> RandomTexts(int count) {
  const std::vector<std::string> units = {
      " ",    "  ",     "\n",     "\u00a0", "\u200b", "\u00ad", "a",      "b",   "ab",
      "e",    "\u0301", "\u0327", "漢",     "字",     "#",      "<",      "😀",  "▁",
      "\x01", "\uFDFA", "\u00b4", "½",      "№",      "ａ",     "ﬁ",      "ㅎ",  "ㅏ",
      "l'",   "été",    " le ",   "12",     "…",      "²",      "<mask>", "bon", "jour"};
  std::mt19937 random(7);
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    std::string text;
    const std::size_t length = 1 + random() % 40;
    while (text.size() < length) text += units[random() % units.size()];
    texts.push_back(text);
  }
  return texts;
}

std::vector<std::int32_t> IdsOf(const SentencePieceModel& model,
                                const std::vector<std::string>& pieces) {
  std::vector<std::int32_t> ids;
  for (const std::string& piece : pieces) {
    ids.push_back(model.Find(piece).value_or(model.unknown_id()));
  }
  return ids;
}

// The pieces of a text encoded whole are the yardstick; ids are encoded word by word as well.
void ExpectPartsGiveTheWhole(const std::string& model, int texts) {
  const auto whole = Parse(model, kWhole);
  const auto parts = Parse(model, kTinyParts);
  for (const std::string& text : RandomTexts(texts)) {
    std::vector<std::int32_t> whole_ids;
    std::vector<std::int32_t> part_ids;
    std::vector<std::string> whole_pieces;
    std::vector<std::string> part_pieces;
    ASSERT_FALSE(whole->AppendIds(text, whole_ids).has_value());
    ASSERT_FALSE(parts->AppendIds(text, part_ids).has_value());
    ASSERT_FALSE(whole->AppendPieces(text, whole_pieces).has_value());
    ASSERT_FALSE(parts->AppendPieces(text, part_pieces).has_value());
    ASSERT_EQ(part_pieces, whole_pieces) << testing::PrintToString(text);
    ASSERT_EQ(part_ids, IdsOf(*whole, whole_pieces)) << testing::PrintToString(text);
    ASSERT_EQ(whole_ids, part_ids) << testing::PrintToString(text);
  }
}

TEST(LongTextTest, PartsGiveTheWholeWithTheRealModel) {
  ExpectPartsGiveTheWhole(RealModel(), 20000);
}

TEST(LongTextTest, PartsGiveTheWholeWithASmallModelWithoutNormalisation) {
  ExpectPartsGiveTheWhole(SentencePieceFile::Small().Serialize(), 5000);
}

TEST(LongTextTest, PartsGiveTheWholeWithAUnigramModel) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.algorithm = SentencePieceFile::Algorithm::kUnigram;
  ExpectPartsGiveTheWhole(file.Serialize(), 5000);
}

TEST(LongTextTest, AModelWithoutADummyPrefixIsNeverCut) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.add_dummy_prefix = false;
  ExpectPartsGiveTheWhole(file.Serialize(), 5000);
}

TEST(LongTextTest, AModelWithSpacesInsidePiecesIsNeverCut) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.pieces.push_back({"b▁a", 0, SentencePieceFile::Type::kNormal});
  file.pieces.push_back({"b▁", 0, SentencePieceFile::Type::kNormal});
  ExpectPartsGiveTheWhole(file.Serialize(), 5000);
}

std::vector<TextCut> Cut(const std::string& text, const LongTextLimits& limits) {
  CharacterSet known;
  known.Add("ab");
  // As sentencepiece normalises plain text: a prefix of three bytes, each space as three bytes.
  std::string normalized = "▁";
  std::vector<std::size_t> origins(3, 0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view character = text[i] == ' ' ? "▁" : std::string_view(text).substr(i, 1);
    normalized += character;
    origins.insert(origins.end(), character.size(), i);
  }
  return PlanCuts(text, {normalized, origins}, known, limits);
}

TEST(LongTextTest, CutsAtTheFirstSpaceAfterALongPart) {
  const std::vector<TextCut> cuts = Cut("aaaa aaaa aaaa", {.part_bytes = 8, .unknown_run = 99});
  ASSERT_EQ(cuts.size(), 1U);
  EXPECT_EQ(cuts[0].offset, 9U);
  EXPECT_EQ(cuts[0].kind, CutKind::kAtSpace);
}

TEST(LongTextTest, CutsWithinARunOfUnknownCharacters) {
  const std::vector<TextCut> cuts = Cut("axxxxxx", {.part_bytes = 99, .unknown_run = 3});
  ASSERT_EQ(cuts.size(), 1U);
  EXPECT_EQ(cuts[0].offset, 4U);
  EXPECT_EQ(cuts[0].kind, CutKind::kInsideUnknownRun);
}

TEST(LongTextTest, CutsBeforeAnUnknownCharacterButNeverAfterIt) {
  const std::vector<TextCut> cuts = Cut("aaaaaaxaaaaaaaa", {.part_bytes = 8, .unknown_run = 99});
  ASSERT_EQ(cuts.size(), 1U);
  EXPECT_EQ(cuts[0].offset, 6U);
  EXPECT_EQ(cuts[0].kind, CutKind::kBeforeUnknown);
}

TEST(LongTextTest, DoesNotCutWordsOfKnownCharacters) {
  EXPECT_TRUE(Cut(std::string(1000, 'a'), {.part_bytes = 8, .unknown_run = 3}).empty());
}

}  // namespace
}  // namespace guichet
