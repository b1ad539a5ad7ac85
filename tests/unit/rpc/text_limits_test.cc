#include "server/rpc/text_limits.h"

#include <string>

#include <gtest/gtest.h>

namespace guichet {
namespace {

TEST(TextLimitsTest, CodePointsOfUtf8) {
  EXPECT_EQ(CodePoints(""), 0U);
  EXPECT_EQ(CodePoints("abc"), 3U);
  EXPECT_EQ(CodePoints("été"), 3U);
  EXPECT_EQ(CodePoints("😀"), 1U);
  EXPECT_LE(CodePoints("\xff\x80\x80"), 3U);
}

TEST(TextLimitsTest, TheBoundsThemselvesAreAllowed) {
  RequestLimits limits;
  limits.texts_per_call = 3;
  limits.characters_per_text = 5;
  limits.ticket_id_bytes = 2;
  EXPECT_FALSE(CheckTextCount(1, "t", limits).has_value());
  EXPECT_FALSE(CheckTextCount(3, "t", limits).has_value());
  EXPECT_TRUE(CheckTextCount(0, "t", limits).has_value());
  EXPECT_TRUE(CheckTextCount(4, "t", limits).has_value());
  EXPECT_FALSE(CheckText({"id", "été", "ab"}, "t", 0, limits).has_value());
  EXPECT_TRUE(CheckText({"id", "été", "abc"}, "t", 0, limits).has_value());
  EXPECT_TRUE(CheckText({"id3", "a", "b"}, "t", 0, limits).has_value());
}

TEST(TextLimitsTest, ViolationsNameTheFieldTheBoundAndTheKey) {
  RequestLimits limits;
  limits.characters_per_text = 5;
  const auto error = CheckText({"", "", "123456"}, "tickets", 7, limits);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->violations[0].field, "tickets[7]");
  EXPECT_NE(error->message.find("6 characters"), std::string::npos);
  EXPECT_NE(error->message.find("limits.characters_per_text"), std::string::npos);
}

TEST(TextLimitsTest, MessagesNeverHoldTheText) {
  RequestLimits limits;
  limits.characters_per_text = 5;
  const auto error =
      CheckText({"marked-id", "marked-subject", "marked-body"}, "tickets", 0, limits);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->message.find("marked"), std::string::npos);
}

}  // namespace
}  // namespace guichet
