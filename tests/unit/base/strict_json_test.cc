#include "base/strict_json.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace guichet {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text, const JsonLimits& limits = {}) {
  const auto value = ParseStrictJson(text, limits);
  EXPECT_FALSE(value.ok()) << text.substr(0, 100);
  return std::string(value.status().message());
}

TEST(StrictJsonTest, ParsesEveryKindOfValue) {
  const auto value = ParseStrictJson(
      R"( {"a":[1,-2,3.5,true,false,null,"é\n\u00e9"],"b":{"c":{}},"d":[[],[[]]],"e":18446744073709551615} )");
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ((*value)["a"][0], 1);
  EXPECT_EQ((*value)["a"][1], -2);
  EXPECT_EQ((*value)["a"][2], 3.5);
  EXPECT_EQ((*value)["a"][6], "é\né");
  EXPECT_EQ((*value)["d"].dump(), "[[],[[]]]");
  EXPECT_EQ((*value)["e"].get<std::uint64_t>(), 18446744073709551615U);
  EXPECT_EQ(*ParseStrictJson("7"), 7);
}

TEST(StrictJsonTest, WholeNumbersBeyond64BitsAreNotWholeNumbers) {
  EXPECT_FALSE(ParseStrictJson("18446744073709551616")->is_number_integer());
  EXPECT_FALSE(ParseStrictJson("1e3")->is_number_integer());
}

TEST(StrictJsonTest, RefusesWhatLaxParsersAccept) {
  EXPECT_THAT(ErrorOf(R"({"a":1,"a":2})"), HasSubstr("the name \"a\" is given twice"));
  EXPECT_THAT(ErrorOf(R"({"a":1,"\u0061":2})"), HasSubstr("the name \"a\" is given twice"));
  // Cut between characters, so that the message stays UTF-8.
  const std::string start(199, 'a');
  const std::string name = "\"" + start + "éé\"";
  EXPECT_THAT(ErrorOf("{" + name + ":1," + name + ":2}"), HasSubstr("\"" + start + "é\" is given"));
  for (const char* text : {"", "{", "[1,]", "{} {}", "// x\n1", "NaN", "01", "'a'", "[1] x",
                           "\"\\ud800\"", "\"\xff\"", "\"\xc0\xaf\""}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("JSON: "));
  }
  EXPECT_THAT(ErrorOf(std::string("{}\0\0", 4)), HasSubstr("control character"));
}

TEST(StrictJsonTest, ErrorsHoldNothingButPrintableAscii) {
  for (const char c : ErrorOf("[\"\x01\xff\n")) {
    EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
  }
}

TEST(StrictJsonTest, EveryLimitHasItsEdge) {
  JsonLimits limits;
  limits.max_bytes = 20;
  limits.max_values = 3;
  limits.max_depth = 2;
  limits.max_string_bytes = 4;
  EXPECT_TRUE(ParseStrictJson(std::string(19, ' ') + "1", limits).ok());
  EXPECT_THAT(ErrorOf(std::string(20, ' ') + "1", limits), HasSubstr("21 bytes, more than the 20"));
  EXPECT_TRUE(ParseStrictJson("[1,2]", limits).ok());
  EXPECT_THAT(ErrorOf("[1,2,3]", limits), HasSubstr("more than 3 values"));
  EXPECT_TRUE(ParseStrictJson("[[]]", limits).ok());
  EXPECT_THAT(ErrorOf("[[[", limits), HasSubstr("nested deeper than 2"));
  EXPECT_TRUE(ParseStrictJson("\"abcd\"", limits).ok());
  EXPECT_THAT(ErrorOf("\"abcde\"", limits), HasSubstr("does not end within 4 bytes"));
}

TEST(StrictJsonTest, LongNumbersAndGapsAreRefusedBeforeTheyAreBuffered) {
  EXPECT_THAT(ErrorOf(std::string(65, '1')), HasSubstr("longer than 64 bytes"));
  EXPECT_THAT(ErrorOf(std::string(4097, ' ') + "1"), HasSubstr("longer than 4096 bytes"));
}

}  // namespace
}  // namespace guichet
