#include "model/text/sentencepiece_checks.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "model/text/sentencepiece_model.h"
#include "tests/unit/text/sentencepiece_file.h"

namespace guichet {
namespace {

using testing::HasSubstr;
using testing::Optional;
using Type = SentencePieceFile::Type;

constexpr std::uint32_t kNoByte = 0x80000000U;  // a label that no byte of a text has
constexpr std::uint32_t kHasValue = 0x100U;

// A normalisation table with one rule, x becomes y, laid out by hand.
struct Table {
  std::vector<std::uint32_t> units = std::vector<std::uint32_t>(512, kNoByte);
  std::string texts = std::string("y\0", 2);

  Table() {
    units[0] = 256U << 10U;                            // the root's children start at 256
    units[256 ^ 'x'] = 'x' | kHasValue | (1U << 10U);  // the value stands beside it
    units[(256 ^ 'x') ^ 1] = kNoByte | 0;
  }
  std::string Serialize() const {
    const auto size = static_cast<std::uint32_t>(units.size() * sizeof(units[0]));
    std::string bytes(reinterpret_cast<const char*>(&size), sizeof(size));
    bytes.append(reinterpret_cast<const char*>(units.data()), size);
    return bytes + texts;
  }
};

std::optional<std::string> Check(const Table& table) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.normalization_table = table.Serialize();
  return FindUnsafeModelPart(file.Serialize());
}

TEST(SentencePieceChecksTest, AcceptsTheRealModel) {
  std::ifstream file(BuiltInFolder("barthez").value() / "sentencepiece.bpe.model",
                     std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(FindUnsafeModelPart(bytes), std::nullopt);
}

TEST(SentencePieceChecksTest, AcceptsATableThatSentencepieceFollows) {
  EXPECT_EQ(Check(Table()), std::nullopt);
  SentencePieceFile file = SentencePieceFile::Small();
  file.normalization_table = Table().Serialize();
  std::string error;
  const auto model = SentencePieceModel::Parse(file.Serialize(), {}, error);
  ASSERT_NE(model, nullptr) << error;
  std::vector<std::string> pieces;
  EXPECT_EQ(model->AppendPieces("axb", pieces), std::nullopt);
  EXPECT_THAT(pieces, testing::ElementsAre("▁a", "y", "b"));
}

TEST(SentencePieceChecksTest, RefusesATableThatLeadsOutOfItself) {
  Table children;
  children.units[256 ^ 'x'] = 'x' | (0x1FFFFFU << 10U);
  EXPECT_THAT(Check(children), Optional(HasSubstr("points outside of itself")));
  Table text;
  text.units[(256 ^ 'x') ^ 1] = kNoByte | 2;
  EXPECT_THAT(Check(text), Optional(HasSubstr("points outside of its texts")));
  Table root;
  root.units[0] = 0x1FFFFFU << 10U;
  EXPECT_THAT(Check(root), Optional(HasSubstr("points outside of itself")));
}

TEST(SentencePieceChecksTest, RefusesATableThatIsCutShort) {
  Table no_end;
  no_end.texts = "y";
  EXPECT_THAT(Check(no_end), Optional(HasSubstr("texts of its normalisation table have no end")));
  Table no_texts;
  no_texts.texts.clear();
  EXPECT_THAT(Check(no_texts), Optional(HasSubstr("size")));
  Table no_units;
  no_units.units.clear();
  EXPECT_THAT(Check(no_units), Optional(HasSubstr("size")));
}

TEST(SentencePieceChecksTest, RefusesARingOfRules) {
  Table table;
  table.units[256 ^ 'x'] = 'x' | ('x' << 10U);  // its children are the root's
  EXPECT_THAT(Check(table), Optional(HasSubstr("rules have no end")));
}

TEST(SentencePieceChecksTest, RefusesRulesThatNestBeyondTheSearchesArray) {
  Table table;
  table.units.assign(std::size_t{64} * 256, kNoByte);
  table.units[0] = 256U << 10U;
  for (std::uint32_t depth = 1; depth <= 40; ++depth) {
    const std::uint32_t here = depth * 256 + 'x';
    const std::uint32_t next = (depth + 1) * 256;
    table.units[here] = 'x' | kHasValue | ((here ^ next) << 10U);
    table.units[next] = kNoByte | 0;
  }
  EXPECT_THAT(Check(table), Optional(HasSubstr("nest")));
}

TEST(SentencePieceChecksTest, RefusesPiecesThatUpsetTheSearch) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.pieces.push_back({std::string("a\0b", 3), -1, Type::kNormal});
  EXPECT_THAT(FindUnsafeModelPart(file.Serialize()), Optional(HasSubstr("NUL")));
  for (const float score : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    file = SentencePieceFile::Small();
    file.pieces.back().score = score;
    EXPECT_THAT(FindUnsafeModelPart(file.Serialize()), Optional(HasSubstr("finite")));
  }
  file = SentencePieceFile::Small();
  for (std::size_t i = 2; i < 80; ++i) {
    file.pieces.push_back({std::string(i, 'z'), 0, Type::kUserDefined});
  }
  EXPECT_THAT(FindUnsafeModelPart(file.Serialize()), Optional(HasSubstr("prefixes")));
}

TEST(SentencePieceChecksTest, RefusesWhatCostsStackMemoryOrTime) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.pieces.push_back({std::string(5000, 'z'), -1, Type::kNormal});
  EXPECT_THAT(FindUnsafeModelPart(file.Serialize()), Optional(HasSubstr("too long")));
  Table table;
  table.texts = std::string(5000, 'y') + '\0';
  EXPECT_THAT(Check(table), Optional(HasSubstr("too long")));
  // Field 4: samples, 100,000 bytes of them.
  const std::string samples = std::string("\x22\xA0\x8D\x06", 4) + std::string(100'000, '\0');
  EXPECT_THAT(FindUnsafeModelPart(SentencePieceFile::Small().Serialize() + samples),
              Optional(HasSubstr("samples")));
}

TEST(SentencePieceChecksTest, ReadsFieldsAsProtobufDoes) {
  // A tag of field 3 with a bit that protobuf drops, before an empty message.
  const std::string whole = SentencePieceFile::Small().Serialize();
  EXPECT_THAT(FindUnsafeModelPart(whole + std::string("\x9A\x80\x80\x80\x10\x00", 6)),
              Optional(HasSubstr("damaged")));
  SentencePieceFile file = SentencePieceFile::Small();
  file.pieces.push_back({"", -1, Type::kNormal});
  EXPECT_THAT(FindUnsafeModelPart(file.Serialize()), Optional(HasSubstr("empty")));
}

TEST(SentencePieceChecksTest, AModelWithoutAnUnknownPieceIsRefused) {
  SentencePieceFile file = SentencePieceFile::Small();
  file.pieces[3].type = Type::kNormal;
  std::string error;
  EXPECT_EQ(SentencePieceModel::Parse(file.Serialize(), {}, error), nullptr);
  EXPECT_FALSE(error.empty());
}

TEST(SentencePieceChecksTest, RefusesEveryCutInsideAPiece) {
  const std::string whole = SentencePieceFile::Small().Serialize();
  EXPECT_EQ(FindUnsafeModelPart(whole), std::nullopt);
  EXPECT_THAT(FindUnsafeModelPart(whole.substr(0, 3)), Optional(HasSubstr("cut short")));
  EXPECT_THAT(FindUnsafeModelPart(whole.substr(0, whole.size() - 1)),
              Optional(HasSubstr("cut short")));
}

}  // namespace
}  // namespace guichet
