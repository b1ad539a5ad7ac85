#include "model/data/html_text.h"

#include <chrono>

#include <gtest/gtest.h>

#include "model/text/utf8.h"

namespace guichet {
namespace {

TEST(HtmlTextTest, ShowsWhatAReaderSees) {
  EXPECT_EQ(HtmlToText("<p>Bonjour&nbsp;!</p><p>Le  VPN\n coupe.</p>"), "Bonjour !\nLe VPN coupe.");
  EXPECT_EQ(HtmlToText("a<br>b<BR/>c<div class=\"x\">d</div>"), "a\nb\nc\nd");
  EXPECT_EQ(HtmlToText("<b>gras</b> et <a href='x'>lien</a>"), "gras et lien");
  EXPECT_EQ(HtmlToText("<style>p{color:red}</style><p>x</p><script>a<b</script>y"), "x\ny");
  EXPECT_EQ(HtmlToText("<img src=\"data:x\" alt=\"écran &amp; bug\">"), "écran & bug");
  EXPECT_EQ(HtmlToText("<!-- caché --><p>vu</p><!--[if x]>"), "vu");
  EXPECT_EQ(HtmlToText("<table><tr><td>un</td><td>deux</td></tr></table>"), "un deux");
}

TEST(HtmlTextTest, EntitiesBecomeCharacters) {
  EXPECT_EQ(HtmlToText("&eacute;&#233;&#xE9; &euro; &laquo;&rsquo;&raquo; &hellip;"),
            "ééé € «’» …");
  EXPECT_EQ(HtmlToText("R&D &foo; &#; &#xD800; &#99999999;"), "R&D &foo; &#; \uFFFD \uFFFD");
  EXPECT_EQ(HtmlToText("&lt;p&gt;l&amp;#039;accès&lt;/p&gt;"), "l'accès");
  EXPECT_EQ(HtmlToText("Réseau &gt; VPN"), "Réseau > VPN");
}

TEST(HtmlTextTest, WhatIsNoTagStays) {
  EXPECT_EQ(HtmlToText("si a < b et c > d"), "si a < b et c > d");
  EXPECT_EQ(HtmlToText("<p>joindre <serveur> ou <pc-12></p>"), "joindre <serveur> ou <pc-12>");
  EXPECT_EQ(HtmlToText("lignes\nsans  balise"), "lignes\nsans  balise");
  EXPECT_EQ(HtmlToText("fin <p"), "fin <p");
  EXPECT_EQ(HtmlToText(""), "");
}

TEST(HtmlTextTest, ManyBeginningsTakeNoLonger) {
  for (const char* piece : {"<p ", "<!--", "<script>", "&lt;p ", "<img alt=\""}) {
    std::string html;
    while (html.size() < (size_t{1} << 20)) html += piece;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(FindInvalidUtf8(HtmlToText(html)).has_value());
    EXPECT_FALSE(FindInvalidUtf8(HtmlToText(html + ">")).has_value());
    // Quadratic time would take minutes.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << piece;
  }
}

}  // namespace
}  // namespace guichet
