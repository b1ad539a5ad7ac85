#include "model/text/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace guichet {
namespace {

TEST(Utf8Test, DecodesCharactersOfEveryLength) {
  const std::string text = "aé€😀";
  EXPECT_EQ(DecodeUtf8(text, 0).code_point, U'a');
  EXPECT_EQ(DecodeUtf8(text, 1).code_point, U'é');
  EXPECT_EQ(DecodeUtf8(text, 3).code_point, U'€');
  EXPECT_EQ(DecodeUtf8(text, 6).code_point, U'😀');
  EXPECT_EQ(DecodeUtf8(text, 6).length, 4U);
  EXPECT_TRUE(DecodeUtf8(text, 6).valid);
}

TEST(Utf8Test, FindsTheFirstIllFormedByte) {
  EXPECT_EQ(FindInvalidUtf8(""), std::nullopt);
  EXPECT_EQ(FindInvalidUtf8("abcdefghijklmnop été 😀 \U0010FFFF"), std::nullopt);
  EXPECT_EQ(FindInvalidUtf8("abcdefgh\xFF"), 8U);
  EXPECT_EQ(FindInvalidUtf8("\x80"), 0U);
  EXPECT_EQ(FindInvalidUtf8("é\xC3"), 2U);
  EXPECT_EQ(FindInvalidUtf8("a\xC1\x81"), 1U);          // overlong
  EXPECT_EQ(FindInvalidUtf8("a\xE0\x80\x80"), 1U);      // overlong
  EXPECT_EQ(FindInvalidUtf8("a\xED\xBF\xBF"), 1U);      // surrogate
  EXPECT_EQ(FindInvalidUtf8("a\xF4\x90\x80\x80"), 1U);  // beyond U+10FFFF
  EXPECT_EQ(FindInvalidUtf8("a\xF5\x80\x80\x80"), 1U);
}

// The examples of table 3-8 and of Python: one replacement for each maximal subpart.
TEST(Utf8Test, ReplacesMaximalSubparts) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xF1\x80\x80\xE1\x80\xC2z"), "a\uFFFD\uFFFD\uFFFDz");
  EXPECT_EQ(ReplaceInvalidUtf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(ReplaceInvalidUtf8("\xF4\x91\x92"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(ReplaceInvalidUtf8("\xE2\x82"), "\uFFFD");
  EXPECT_EQ(ReplaceInvalidUtf8("été"), "été");
}

TEST(Utf8Test, StripsWhatPythonStrips) {
  EXPECT_EQ(Strip("\u00a0\x1c a b \u3000\u2028\u1680"), "a b");
  EXPECT_EQ(Strip(" \t\x1f\xC2\x85x\u2003\n"), "x");
  EXPECT_EQ(Strip(" \n"), "");
  EXPECT_EQ(StripRight(" a \u202f"), " a");
  EXPECT_EQ(StripRight("a\u200b"), "a\u200b");  // a zero-width space is no white space
}

}  // namespace
}  // namespace guichet
