#include "model/cleaning/text_cleaner.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "model/text/utf8.h"
#include "tests/unit/cleaning/cleaning_support.h"

namespace guichet {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

TEST(TextCleaningOptionsTest, NoRuleIsOnByDefault) {
  EXPECT_FALSE(TextCleaningOptions().any());
  EXPECT_EQ(NameOf(TextCleaningOptions()), "none");
  EXPECT_EQ(CleanText("<p>PB_&amp;", {}), "<p>PB_&amp;");
}

TEST(TextCleaningOptionsTest, NamesAreReadAndWritten) {
  for (const char* text : {"all", "none", "html", "html,quotes", "capitals,abbreviations"}) {
    EXPECT_EQ(NameOf(ParseTextCleaning(text).value()), text);
  }
  EXPECT_EQ(NameOf(ParseTextCleaning("quotes, html").value()), "html,quotes");
  EXPECT_THAT(ParseTextCleaning("html,invisible").value().Names(),
              ElementsAre("html", "invisible"));
  EXPECT_EQ(ParseTextCleaning("html,mojibake,invisible,quotes,signatures,underscores,capitals,"
                              "abbreviations")
                .value(),
            TextCleaningOptions::All());
}

TEST(TextCleaningOptionsTest, ErrorsNameTheRuleAndThoseThereAre) {
  const auto error = [](std::string_view text) {
    const auto options = ParseTextCleaning(text);
    EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(options.status().message());
  };
  EXPECT_THAT(error("html,emoji"), AllOf(HasSubstr("'emoji'"), HasSubstr("html, mojibake")));
  EXPECT_THAT(error("html,html"), HasSubstr("'html' appears twice"));
  EXPECT_THAT(error("html,all"), HasSubstr("'all'"));
  EXPECT_THAT(error(""), HasSubstr("''"));
  TextCleaningOptions later;
  later.version = 2;
  EXPECT_THAT(std::string(later.Validate().message()),
              AllOf(HasSubstr("version is 2"), HasSubstr("version 1 only")));
}

TEST(CleanTextTest, TellsWhichRulesChangedTheText) {
  ChangedRules changed;
  CleanText("<p>le pb", TextCleaningOptions::All(), &changed);
  EXPECT_EQ(changed.to_string(), "10000001");  // the last rule first
  CleanText("le problème", TextCleaningOptions::All(), &changed);
  EXPECT_TRUE(changed.none());
}

// What texts are made of, and what may meet.
const std::vector<std::string>& Fragments() {
  static const auto& fragments =
      *new std::vector<std::string>{"<",
                                    ">",
                                    "<p>",
                                    "</p>",
                                    "<b>",
                                    "<br/>",
                                    "<script>",
                                    "</script>",
                                    "<style>",
                                    "<!--",
                                    "-->",
                                    "<blockquote>",
                                    "</blockquote>",
                                    "<img alt=\"",
                                    "\"",
                                    "'",
                                    "=",
                                    "/",
                                    "&",
                                    ";",
                                    "&amp;",
                                    "&lt;",
                                    "&gt;",
                                    "amp;",
                                    "lt;",
                                    "p&gt;",
                                    "#38;",
                                    "&#38;",
                                    "&nbsp;",
                                    "&eacute;",
                                    "Ã",
                                    "Â",
                                    "©",
                                    "ƒ",
                                    "â",
                                    "€",
                                    "™",
                                    "ðŸ˜€",
                                    "\u00A0",
                                    "\u200B",
                                    "\u00AD",
                                    "\r",
                                    "\n",
                                    "\n\n",
                                    "\t",
                                    "\x01",
                                    " ",
                                    "  ",
                                    "\n> ",
                                    "\n>",
                                    "\nLe 12 mars 2024, Jean a écrit :\n",
                                    "\n-----Message d'origine-----\n",
                                    "\nDe : Jean\nEnvoyé : lundi\nObjet : panne\n",
                                    "\nCordialement\n",
                                    "\nCdt\n",
                                    "\n-- \n",
                                    "\nMerci\n",
                                    "\nEnvoyé de mon iPhone\n",
                                    "Jean Dupont",
                                    "_",
                                    "__",
                                    "pb",
                                    "PB",
                                    "mdp",
                                    "MDP.",
                                    "svp",
                                    "HS",
                                    "réinit.",
                                    "VPN",
                                    "GLPI",
                                    "MOT DE PASSE OUBLIÉ",
                                    "OUBLIé",
                                    "É",
                                    "été",
                                    "Bonjour",
                                    "le",
                                    "PC-042",
                                    "a@b.fr",
                                    ". ",
                                    "! ",
                                    "? ",
                                    ":",
                                    ",",
                                    "’",
                                    "«",
                                    "»",
                                    "漢",
                                    "e\u0301",
                                    "😀"};
  return fragments;
}

std::string RandomText(Random& random) {
  std::string text;
  const std::size_t parts = 1 + random.Below(40);
  for (std::size_t i = 0; i < parts; ++i) {
    text += Fragments()[random.Below(Fragments().size())];
    if (random.Chance(0.3)) text += ' ';
  }
  return text;
}

TextCleaningOptions RandomRules(Random& random) {
  TextCleaningOptions options;
  if (random.Chance(0.5)) return TextCleaningOptions::All();
  for (const TextCleaningRule& rule : kTextCleaningRules)
    options.*rule.enabled = random.Chance(0.5);
  return options;
}

bool HasWord(std::string_view text) { return text.find("Bonjour") != std::string_view::npos; }

TEST(CleanTextPropertyTest, CleanTextIsValidAndStaysAsItIs) {
  Random random(7);
  for (int i = 0; i < 60'000; ++i) {
    const std::string text = RandomText(random);
    const TextCleaningOptions rules = RandomRules(random);
    const std::string once = CleanText(text, rules);
    ASSERT_FALSE(FindInvalidUtf8(once).has_value()) << text;
    ASSERT_EQ(CleanText(once, rules), once) << NameOf(rules) << ": " << text;
  }
}

TEST(CleanTextPropertyTest, AWordToReadLeavesWords) {
  Random random(8);
  TextCleaningOptions rules = TextCleaningOptions::All();
  rules.html = false;  // which drops what is no text: scripts, comments
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = RandomText(random);
    if (!HasWord(text)) continue;
    ASSERT_FALSE(Strip(CleanText(text, rules)).empty()) << text;
  }
}

TEST(CleanTextPropertyTest, NestedDeeplyItComesBackAsItWas) {
  std::string text = "<b>x</b>";
  for (int depth = 0; depth < 3; ++depth) {
    std::string escaped;
    for (const char c : text) {
      escaped += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
    }
    text = escaped;
  }
  EXPECT_EQ(Clean(text), "x");
  std::string deep = "&";
  for (int depth = 0; depth < 100; ++depth) deep += "amp;";
  deep += "eacute;";
  EXPECT_EQ(Clean(deep), deep);
}

std::chrono::duration<double> TimeToClean(std::string_view unit) {
  std::string text;
  while (text.size() + unit.size() <= kMebibyte) text += unit;
  const auto start = std::chrono::steady_clock::now();
  const std::string clean = CleanText(text, TextCleaningOptions::All());
  EXPECT_FALSE(FindInvalidUtf8(clean).has_value());
  return std::chrono::steady_clock::now() - start;
}

// What makes a rule look far ahead, again and again.
TEST(CleanTextTest, HostileTextsTakeLinearTime) {
  const std::chrono::duration<double> plain =
      std::max(TimeToClean("Bonjour, l'imprimante est en panne.\n"),
               TimeToClean("Bonjour, le pb de <b>mdp</b>.\n"));
  for (const char* unit : {"<",
                           "&",
                           ">",
                           "<<<<b>",
                           "<a ",
                           "<a b='",
                           "<a b=\"<a c='",
                           "<!--",
                           "<!-->",
                           "<!-- --",
                           "<style>",
                           "<style><script>",
                           "</style",
                           "<b x=y",
                           "<blockquote>a",
                           "<p>",
                           "&amp;",
                           "&amp",
                           "&#",
                           "> \n",
                           ">\n",
                           "\n",
                           "\r",
                           " ",
                           "_",
                           "\nCdt",
                           "\nCordialement\n",
                           "\n--",
                           "\nMerci",
                           "De : x\n",
                           "De : x\n\n",
                           "Objet : x\nDe : y\n",
                           "Le 1\n",
                           "Le 1 a écrit :\n",
                           "Le 1 a écrit :\n\n",
                           "-----Message d'origine-----\n",
                           "pb ",
                           "pb.",
                           "mdp",
                           "A ",
                           "MOT ",
                           "MOT.",
                           "É",
                           "Ã",
                           "Ã©",
                           "ÃƒÂ©",
                           "â€",
                           "ð",
                           "\u200B",
                           "\u00A0",
                           "\xCC\x81",
                           "漢",
                           "a"}) {
    EXPECT_LT(TimeToClean(unit), 25 * plain + std::chrono::milliseconds(100)) << unit;
  }
}

}  // namespace
}  // namespace guichet
