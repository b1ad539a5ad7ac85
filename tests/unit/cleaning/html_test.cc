#include <gtest/gtest.h>

#include "tests/unit/cleaning/cleaning_support.h"

namespace guichet {
namespace {

constexpr CleaningCase kMarkup[] = {
    {"<p>Bonjour,</p><p>le VPN est <b>coupé</b>.</p>", "Bonjour,\nle VPN est coupé."},
    {"Écran noir<br>depuis ce matin<br/>merci", "Écran noir\ndepuis ce matin\nmerci"},
    {"<div>un<div>deux</div></div>trois", "un\ndeux\ntrois"},
    {"<html><head><title>Outlook</title><style>p {color: "
     "red}</style></head><body>Bonjour</body></html>",
     "Bonjour"},
    {"<p>avant</p><script>alert('<p>non</p>')</script><p>après</p>", "avant\naprès"},
    {"<!-- suivi --><p>lu</p><!--[if mso]>v<![endif]-->", "lu"},
    {"<p>logo <img src=\"cid:1\" alt=\"capture d'écran\">ici</p>", "logo capture d'écran ici"},
    {"<p><img src=https://t.example/p.gif width=1 height=1>vu</p>", "vu"},
    {"<table><tr><td>poste</td><td>PC-042</td></tr></table>", "poste PC-042"},
    {"<ul><li>un</li><li>deux</li></ul>", "un\ndeux"},
    {"<p>Bon<b>jour</b></p>", "Bonjour"},
    {"<P CLASS=\"MsoNormal\">VPN<O:P></O:P></P>", "VPN"},
    {"Sujet\n<p title=\"a > b\">corps</p>", "Sujet\ncorps"},
    {"<p>oui</p><blockquote><p>ancien</p><p>mail</p></blockquote>non",
     "oui\n> ancien\n> mail\nnon"},
    // As GLPI stores mails: escaped once more.
    {"&lt;p&gt;L&#39;imprimante &eacute;choue&lt;/p&gt;", "L'imprimante échoue"},
    {"<p>l&rsquo;&eacute;cran &amp; la souris&nbsp;!</p>", "l’écran & la souris\u00A0!"},
    {"&#233;t&#xE9; &#8364; &#128; &oelig;uvre", "été € € œuvre"},
    {"&amp;eacute;", "é"}};

constexpr const char* kNotMarkup[] = {"a < b et c > d",
                                      "si x<y alors",
                                      "<serveur> ne répond plus",
                                      "saisir <code> puis valider",
                                      "<b et c> reste",
                                      "le <a@b.fr> est faux",
                                      "R&D; AT&T & co; &; &#; &#0; &#xD800; &#99999999; &inconnu;",
                                      "voir <https://intranet/aide>",
                                      "->, <-, <=>, <3",
                                      "prix <",
                                      "<",
                                      "&"};

TEST(HtmlCleaningTest, MarkupBecomesText) {
  for (const auto& [text, clean] : kMarkup) EXPECT_EQ(Clean(text, "html"), clean) << text;
}

TEST(HtmlCleaningTest, OtherAngleBracketsAndAmpersandsStay) {
  for (const char* text : kNotMarkup) EXPECT_EQ(Clean(text, "html"), text);
}

TEST(HtmlCleaningTest, AnUnclosedScriptLosesItsTagOnly) {
  EXPECT_EQ(Clean("<p>a</p><script>b", "html"), "a\nb");
  EXPECT_EQ(Clean("<p>a</p><!-- b", "html"), "a\n<!-- b");
  EXPECT_EQ(Clean("<p>a</p><style>b<script>c</script>d", "html"), "a\nbd");
}

TEST(HtmlCleaningTest, OffItLeavesMarkup) {
  EXPECT_EQ(Clean("<p>a &eacute;</p>", "none"), "<p>a &eacute;</p>");
  EXPECT_EQ(Clean("<p>a &eacute;</p>", "mojibake,invisible,quotes,signatures"),
            "<p>a &eacute;</p>");
}

}  // namespace
}  // namespace guichet
