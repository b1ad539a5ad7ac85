#include "model/report/html_text.h"

#include <gtest/gtest.h>

#include "model/report/plot.h"

namespace guichet {
namespace {

TEST(EscapeHtmlTest, MarkupIsText) {
  EXPECT_EQ(EscapeHtml("<script>alert(\"d'été\") && 1</script>"),
            "&lt;script&gt;alert(&quot;d&#39;été&quot;) &amp;&amp; 1&lt;/script&gt;");
  EXPECT_EQ(EscapeHtml("Accès & mots de passe – œuvre 🖨"), "Accès &amp; mots de passe – œuvre 🖨");
}

TEST(EscapeHtmlTest, WhatXmlForbidsIsReplaced) {
  EXPECT_EQ(EscapeHtml("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(EscapeHtml(std::string_view("a\0\x1b\tz", 5)), "a\uFFFD\uFFFD\tz");
  EXPECT_EQ(EscapeHtml("\uFFFE"), "\uFFFD");
}

TEST(ShortenTest, CountsCharactersNotBytes) {
  EXPECT_EQ(Shorten("téléphonie", 10), "téléphonie");
  EXPECT_EQ(Shorten("téléphonie", 4), "tél…");
  EXPECT_EQ(Shorten("é", 1), "é");
  EXPECT_EQ(Shorten("éé", 1), "…");
  EXPECT_EQ(Shorten("", 3), "");
}

TEST(NumbersTest, ReadWell) {
  EXPECT_EQ(Percent(0.8941), "89.4\u00A0%");
  EXPECT_EQ(Percent(std::nullopt), "–");
  EXPECT_EQ(Decimals(0.12345, 4), "0.1235");
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

TEST(RoundTicksTest, AreFewRoundAndInside) {
  const std::vector<double> shares = RoundTicks(0, 1);
  ASSERT_EQ(shares.size(), 6U);
  EXPECT_NEAR(shares[1], 0.2, 1e-12);
  for (const double high : {0.0013, 0.7, 2.0, 3.3, 47.0, 1e6}) {
    const std::vector<double> ticks = RoundTicks(0, high);
    EXPECT_GE(ticks.size(), 3U) << high;
    EXPECT_LE(ticks.size(), 7U) << high;
    EXPECT_LE(ticks.back(), high * (1 + 1e-9));
  }
}

}  // namespace
}  // namespace guichet
