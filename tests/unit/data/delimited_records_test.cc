#include "model/data/delimited_records.h"

#include <sstream>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

using Fields = std::vector<std::string>;

// All records; refused ones are {"ERROR", message}.
std::vector<Fields> ReadRecords(const std::string& text, char delimiter = ',',
                                size_t max_bytes = 1000, size_t max_fields = 10) {
  std::istringstream stream(text);
  DelimitedRecords records(LineReader(MakeStreamSource(stream), {.max_line_bytes = max_bytes}),
                           delimiter, max_bytes, max_fields);
  std::vector<Fields> all;
  for (;;) {
    const auto record = records.Next();
    if (!record.ok()) {
      all.push_back({"ERROR", std::string(record.status().message())});
    } else if (record->has_value()) {
      all.push_back(**record);
    } else {
      return all;
    }
    if (all.size() > 100) return all;
  }
}

TEST(DelimitedRecordsTest, ReadsWhatRfc4180Allows) {
  const std::vector<std::pair<std::string, std::vector<Fields>>> cases = {
      {"", {}},
      {"a,b", {{"a", "b"}}},
      {"a,b\n", {{"a", "b"}}},
      {"a,b\r\nc,d\r\n", {{"a", "b"}, {"c", "d"}}},
      {"a,\n,b\n", {{"a", ""}, {"", "b"}}},
      {",\n", {{"", ""}}},
      {"\n\na\n\nb\n  \n", {{"a"}, {"b"}}},
      {"\"a,b\",c", {{"a,b", "c"}}},
      {"\"il dit \"\"non\"\"\",x", {{"il dit \"non\"", "x"}}},
      {"\"\",x", {{"", "x"}}},
      {"\"\"\"\"", {{"\""}}},
      {"\"a\nb\r\nc\",d\ne,f", {{"a\nb\nc", "d"}, {"e", "f"}}},
      {"\"\n\",b", {{"\n", "b"}}},
      {"\"a\" ,b", {{"a", "b"}}},
      {"27\" écran,b", {{"27\" écran", "b"}}},
      {" \"a\",b", {{" \"a\"", "b"}}},
      {"a\rb,c", {{"a\rb", "c"}}},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(ReadRecords(text), expected) << testing::PrintToString(text);
  }
}

TEST(DelimitedRecordsTest, RefusesOneRecordAndGoesOn) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\"a\"b,c\nd\n", "line 1: text after the closing quote of column 1"},
      {"x,\"a\" \"b\"\nd\n", "line 1: text after the closing quote of column 2"},
      {"1,2,3,4,5,6,7,8,9,10,11\nd\n", "line 1: more than 10 columns"},
      {std::string(1001, 'x') + "\nd\n", "line 1: longer than 1000 bytes"},
      {"a\xff\nd\n", "line 1: not UTF-8 at byte 2 (0xFF)"},
  };
  for (const auto& [text, message] : cases) {
    const auto records = ReadRecords(text);
    ASSERT_EQ(records.size(), 2U) << message;
    EXPECT_EQ(records[0][0], "ERROR");
    EXPECT_THAT(records[0][1], testing::StartsWith(message));
    EXPECT_EQ(records[1], Fields{"d"});
  }
}

TEST(DelimitedRecordsTest, AMissingClosingQuoteIsBounded) {
  EXPECT_THAT(ReadRecords("a\n\"b\nc\n")[1][1],
              testing::HasSubstr("line 2: a quoted field does not end before the file does"));
  std::string text = "\"";
  for (int i = 0; i < 300; ++i) text += "ligne\n";
  const auto records = ReadRecords(text);
  EXPECT_THAT(records[0][1], testing::HasSubstr("line 1: a quoted field does not end within 1000"));
}

TEST(DelimitedRecordsTest, FindsTheDelimiter) {
  EXPECT_EQ(FindDelimiter("id,subject;x,body"), ',');
  EXPECT_EQ(FindDelimiter("id;subject;body"), ';');
  EXPECT_EQ(FindDelimiter("id\tsubject"), '\t');
  EXPECT_EQ(FindDelimiter("id|subject"), '|');
  EXPECT_EQ(FindDelimiter("body"), ',');
  EXPECT_EQ(FindDelimiter("\"a,b,c\";d"), ';');
  EXPECT_EQ(ReadRecords("a;b\nc,d;e\n", '\0')[1], (Fields{"c,d", "e"}));
  EXPECT_EQ(ReadRecords("sep=;\r\na,x;b\r\n", '\0'), (std::vector<Fields>{{"a,x", "b"}}));
}

// Whatever is written with quotes comes back, byte for byte.
TEST(DelimitedRecordsTest, QuotedFieldsRoundTrip) {
  const std::string alphabet = "ab \",;\t\né";
  Random random(8);
  for (int round = 0; round < 500; ++round) {
    std::vector<Fields> written;
    std::string text;
    for (size_t record = 1 + random.Below(4); record > 0; --record) {
      Fields& fields = written.emplace_back();
      for (size_t field = 1 + random.Below(4); field > 0; --field) {
        std::string& value = fields.emplace_back();
        for (size_t i = random.Below(8); i > 0; --i) {
          const size_t at = random.Below(alphabet.size() - 1);
          value += at == alphabet.size() - 2 ? "é" : std::string(1, alphabet[at]);
        }
        text += fields.size() > 1 ? ",\"" : "\"";
        for (const char c : value) text += c == '"' ? std::string("\"\"") : std::string(1, c);
        text += '"';
      }
      text += random.Chance(0.5) ? "\r\n" : "\n";
    }
    ASSERT_EQ(ReadRecords(text), written) << text;
  }
}

}  // namespace
}  // namespace guichet
