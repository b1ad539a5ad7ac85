#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "model/text/padding.h"
#include "model/text/tokenizer.h"
#include "tests/parity/tokenizer/golden_rows.h"

namespace guichet {
namespace {

using Json = nlohmann::json;

const Tokenizer& Barthez() {
  static const std::unique_ptr<const Tokenizer> tokenizer =
      LoadTokenizer(BuiltInFolder("barthez").value()).value();
  return *tokenizer;
}

TruncationStrategy StrategyOf(const std::string& name) {
  static const std::map<std::string, TruncationStrategy> strategies = {
      {"longest_first", TruncationStrategy::kLongestFirst},
      {"only_first", TruncationStrategy::kOnlyFirst},
      {"only_second", TruncationStrategy::kOnlySecond}};
  return strategies.at(name);
}

TEST(BarthezParityTest, EncodesSingleTexts) {
  const std::vector<Json> rows = GoldenRows("barthez_tokenizer", "single");
  ASSERT_EQ(rows.size(), 1867U);
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    ExpectIds(Barthez().Encode(row.at("text").get<std::string>(), {}), row.at("ids"));
  }
}

TEST(BarthezParityTest, GivesThePieces) {
  for (const Json& row : GoldenRows("barthez_tokenizer", "single")) {
    SCOPED_TRACE(row.at("id").dump());
    const auto pieces = Barthez().Pieces(row.at("text").get<std::string>(), true);
    ASSERT_TRUE(pieces.ok()) << pieces.status();
    EXPECT_EQ(*pieces, row.at("pieces").get<std::vector<std::string>>());
  }
}

TEST(BarthezParityTest, TakesSpecialTokensAsTextWhereAsked) {
  int compared = 0;
  for (const Json& row : GoldenRows("barthez_tokenizer", "single")) {
    SCOPED_TRACE(row.at("id").dump());
    const auto text = row.at("text").get<std::string>();
    const Json& expected =
        row.contains("ids_split_special") ? row.at("ids_split_special") : row.at("ids");
    ExpectIds(Barthez().Encode(text, {.parse_special_tokens = false}), expected);
    compared += row.contains("ids_split_special") ? 1 : 0;
  }
  EXPECT_EQ(compared, 82);
}

TEST(BarthezParityTest, DecodesItsOwnIds) {
  for (const Json& row : GoldenRows("barthez_tokenizer", "single")) {
    SCOPED_TRACE(row.at("id").dump());
    EXPECT_EQ(ExpectDecodings(Barthez(), row), 4);
  }
}

TEST(BarthezParityTest, EncodesAndDecodesPairs) {
  const std::vector<Json> rows = GoldenRows("barthez_tokenizer", "pair");
  ASSERT_EQ(rows.size(), 135U);
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    ExpectIds(Barthez().EncodePair(row.at("text").get<std::string>(),
                                   row.at("text_pair").get<std::string>(), {}),
              row.at("ids"));
    EXPECT_EQ(ExpectDecodings(Barthez(), row), 4);
  }
}

TEST(BarthezParityTest, Truncates) {
  const std::vector<Json> rows = GoldenRows("barthez_tokenizer", "truncation");
  ASSERT_EQ(rows.size(), 393U);
  int refused = 0;
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    const EncodeOptions options{.max_length = row.at("max_length").get<int>(),
                                .truncation = StrategyOf(row.at("strategy").get<std::string>())};
    const auto text = row.at("text").get<std::string>();
    const auto encoding =
        row.contains("text_pair")
            ? Barthez().EncodePair(text, row.at("text_pair").get<std::string>(), options)
            : Barthez().Encode(text, options);
    if (row.value("hf_uncut", false)) {
      EXPECT_EQ(encoding.status().code(), absl::StatusCode::kInvalidArgument);
      ++refused;
    } else {
      ExpectIds(encoding, row.at("ids"));
    }
  }
  EXPECT_EQ(refused, 61);
}

TEST(BarthezParityTest, PadsBatches) {
  const std::vector<Json> rows = GoldenRows("barthez_tokenizer", "batch");
  ASSERT_EQ(rows.size(), 24U);
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    const Json& options = row.at("options");
    EncodeOptions encode;
    PaddingOptions padding;
    if (options.at("truncation").get<bool>())
      encode.max_length = options.at("max_length").get<int>();
    if (options.at("padding") == "max_length") {
      padding.strategy = PaddingStrategy::kMaxLength;
      padding.max_length = options.at("max_length").get<int>();
    }
    if (options.contains("pad_to_multiple_of")) {
      padding.pad_to_multiple_of = options.at("pad_to_multiple_of").get<int>();
    }
    std::vector<Encoding> encodings;
    for (const Json& text : row.at("texts")) {
      encodings.push_back(Barthez().Encode(text.get<std::string>(), encode).value());
    }
    const auto batch = PadBatch(encodings, Barthez().special_ids().padding, padding);
    ASSERT_TRUE(batch.ok()) << batch.status();
    std::vector<TokenId> ids;
    std::vector<std::uint8_t> mask;
    for (const Json& line : row.at("input_ids")) ids.insert(ids.end(), line.begin(), line.end());
    for (const Json& line : row.at("attention_mask")) {
      mask.insert(mask.end(), line.begin(), line.end());
    }
    EXPECT_EQ(batch->rows, static_cast<int>(row.at("texts").size()));
    EXPECT_EQ(batch->columns, static_cast<int>(row.at("input_ids")[0].size()));
    EXPECT_EQ(batch->input_ids, ids);
    EXPECT_EQ(batch->attention_mask, mask);
  }
}

TEST(BarthezParityTest, DecodesArbitraryIds) {
  const std::vector<Json> rows = GoldenRows("barthez_tokenizer", "decode");
  ASSERT_EQ(rows.size(), 237U);
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    EXPECT_EQ(ExpectDecodings(Barthez(), row), 4);
    std::vector<std::string> pieces;
    for (const Json& id : row.at("ids")) {
      pieces.push_back(Barthez().IdToPiece(id.get<TokenId>()).value());
    }
    EXPECT_EQ(pieces, row.at("pieces").get<std::vector<std::string>>());
  }
}

std::string ToUtf8(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F))};
  if (c < 0x10000) {
    return {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F))};
  }
  return {byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)),
          byte(0x80 | (c & 0x3F))};
}

TEST(BarthezParityTest, EncodesEveryCodePoint) {
  const std::vector<Json> rows = GoldenRows("unicode_sweep");
  ASSERT_EQ(rows.size(), 1742U);
  const auto unknown = rows[0].at("default").get<std::vector<TokenId>>();
  std::map<char32_t, std::vector<TokenId>> listed;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    listed[rows[i].at("cp").get<char32_t>()] = rows[i].at("ids").get<std::vector<TokenId>>();
  }
  int different = 0;
  for (char32_t c = 0; c <= rows[0].at("last").get<char32_t>(); ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string text = std::string("a").append(ToUtf8(c)).append("b");
    const auto encoding = Barthez().Encode(text, {.add_special_tokens = false});
    ASSERT_TRUE(encoding.ok()) << encoding.status();
    const auto found = listed.find(c);
    const bool same = encoding->ids == (found == listed.end() ? unknown : found->second);
    if (!same && ++different < 10) ADD_FAILURE() << "code point " << static_cast<std::uint32_t>(c);
  }
  EXPECT_EQ(different, 0);
}

}  // namespace
}  // namespace guichet
