#include "tests/parity/tokenizer/golden_rows.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/support/gzip_file.h"
#include "tests/support/shared_data.h"

namespace guichet {

std::vector<nlohmann::json> GoldenRows(const std::string& name) {
  std::istringstream lines(ReadGzip(TestData("tokenizer/" + name + ".jsonl.gz")));
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
  return rows;
}

std::vector<nlohmann::json> GoldenRows(const std::string& name, const std::string& type) {
  std::vector<nlohmann::json> rows = GoldenRows(name);
  std::erase_if(rows, [&](const nlohmann::json& row) { return row.at("type") != type; });
  return rows;
}

void ExpectIds(const absl::StatusOr<Encoding>& encoding, const nlohmann::json& expected) {
  ASSERT_TRUE(encoding.ok()) << encoding.status();
  const auto ids = expected.get<std::vector<TokenId>>();
  EXPECT_EQ(encoding->ids, ids);
  EXPECT_EQ(encoding->unknown_tokens, std::ranges::count(ids, 3));
}

int ExpectDecodings(const Tokenizer& tokenizer, const nlohmann::json& row) {
  const auto ids = row.at("ids").get<std::vector<TokenId>>();
  int compared = 0;
  for (const bool skip : {true, false}) {
    for (const bool clean : {true, false}) {
      const std::string key =
          std::string(skip ? "decode_skip" : "decode_keep") + (clean ? "_clean" : "");
      if (!row.contains(key)) continue;
      const absl::StatusOr<std::string> text =
          tokenizer.Decode(ids, {.skip_special_tokens = skip, .clean_up_spaces = clean});
      EXPECT_TRUE(text.ok()) << text.status();
      EXPECT_EQ(text.value_or(""), row.at(key).get<std::string>()) << key;
      ++compared;
    }
  }
  return compared;
}

}  // namespace guichet
