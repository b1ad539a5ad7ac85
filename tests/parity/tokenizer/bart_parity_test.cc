#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/text/tokenizer.h"
#include "tests/parity/tokenizer/golden_rows.h"
#include "tests/support/gzip_file.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using Json = nlohmann::json;

std::unique_ptr<const Tokenizer> LoadBart(bool add_prefix_space) {
  const TempFolder folder;
  UnpackGzip(TestData("tokenizer/bart_vocab.json.gz"), folder.path() / "vocab.json");
  UnpackGzip(TestData("tokenizer/bart_merges.txt.gz"), folder.path() / "merges.txt");
  if (add_prefix_space) {
    std::ofstream(folder.path() / "tokenizer_config.json") << R"({"add_prefix_space":true})";
  }
  return LoadTokenizer(folder.path()).value();
}

const Tokenizer& Bart() {
  static const std::unique_ptr<const Tokenizer> tokenizer = LoadBart(false);
  return *tokenizer;
}

TEST(BartParityTest, EncodesSingleTexts) {
  const std::vector<Json> rows = GoldenRows("bart_tokenizer", "single");
  ASSERT_EQ(rows.size(), 537U);
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    const auto text = row.at("text").get<std::string>();
    ExpectIds(Bart().Encode(text, {}), row.at("ids"));
    const auto pieces = Bart().Pieces(text, true);
    ASSERT_TRUE(pieces.ok()) << pieces.status();
    EXPECT_EQ(*pieces, row.at("tokens").get<std::vector<std::string>>());
  }
}

TEST(BartParityTest, AddsAPrefixSpaceWhereConfigured) {
  const std::unique_ptr<const Tokenizer> tokenizer = LoadBart(true);
  int changed = 0;
  for (const Json& row : GoldenRows("bart_tokenizer", "single")) {
    SCOPED_TRACE(row.at("id").dump());
    const bool changes = row.contains("ids_prefix_space");
    ExpectIds(tokenizer->Encode(row.at("text").get<std::string>(), {}),
              row.at(changes ? "ids_prefix_space" : "ids"));
    changed += changes ? 1 : 0;
  }
  EXPECT_GT(changed, 300);
}

TEST(BartParityTest, EncodesPairs) {
  const std::vector<Json> rows = GoldenRows("bart_tokenizer", "pair");
  ASSERT_EQ(rows.size(), 40U);
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    ExpectIds(Bart().EncodePair(row.at("text").get<std::string>(),
                                row.at("text_pair").get<std::string>(), {}),
              row.at("ids"));
  }
}

TEST(BartParityTest, DecodesItsOwnIds) {
  for (const Json& row : GoldenRows("bart_tokenizer", "single")) {
    SCOPED_TRACE(row.at("id").dump());
    EXPECT_EQ(ExpectDecodings(Bart(), row), 3);
  }
}

TEST(BartParityTest, DecodesArbitraryIdsReplacingBrokenUtf8) {
  const std::vector<Json> rows = GoldenRows("bart_tokenizer", "decode");
  ASSERT_EQ(rows.size(), 60U);
  for (const Json& row : rows) {
    SCOPED_TRACE(row.at("id").dump());
    EXPECT_EQ(ExpectDecodings(Bart(), row), 2);
  }
}

}  // namespace
}  // namespace guichet
