#include "model/text/independent_words.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/word_cache.h"

namespace guichet {
namespace {

using testing::ElementsAre;

// Stretches of `text`, words in plain form and others in brackets; ASCII letters are plain.
std::vector<std::string> Split(std::string_view text) {
  PlainCharacters plain;
  for (char c = 'a'; c <= 'z'; ++c) {
    plain.Set(static_cast<char32_t>(c), PlainCharacters::Kind::kPlain);
  }
  plain.Set(' ', PlainCharacters::Kind::kSpace);
  plain.Set('\n', PlainCharacters::Kind::kSpace);
  std::vector<std::string> shown;
  for (const TextStretch& stretch : SplitIntoStretches(text, plain)) {
    const std::string inside(stretch.text);
    shown.push_back(stretch.is_word ? inside : "[" + inside + "]");
  }
  return shown;
}

TEST(IndependentWordsTest, PlainWordsStandAlone) {
  EXPECT_THAT(Split("  le vpn\n \ncoupe "), ElementsAre("le", "vpn", "coupe"));
  EXPECT_THAT(Split(""), ElementsAre());
  EXPECT_THAT(Split(" \n "), ElementsAre());
}

TEST(IndependentWordsTest, OtherCharactersInsideAWordConcernThatWordOnly) {
  EXPECT_THAT(Split("le v1n coupe"), ElementsAre("le", "[v1n]", "coupe"));
  EXPECT_THAT(Split("v1n v2n le"), ElementsAre("[v1n v2n]", "le"));
}

TEST(IndependentWordsTest, OtherCharactersAtAnEdgeTakeInTheNeighbour) {
  EXPECT_THAT(Split("a le 1pn coupe b"), ElementsAre("a", "[le 1pn]", "coupe", "b"));
  EXPECT_THAT(Split("a le vp1  coupe b"), ElementsAre("a", "le", "[vp1  coupe]", "b"));
  EXPECT_THAT(Split("a 1 b 2 c"), ElementsAre("[a 1 b 2 c]"));
}

TEST(WordCacheTest, RemembersWordsAndForgetsRatherThanGrows) {
  WordCache cache;
  std::vector<std::int32_t> ids = {7};
  EXPECT_FALSE(cache.AppendIds("vpn", ids));
  cache.Remember("vpn", std::vector<std::int32_t>{1, 2});
  EXPECT_TRUE(cache.AppendIds("vpn", ids));
  EXPECT_THAT(ids, ElementsAre(7, 1, 2));
  const std::string long_word(WordCache::kMaxWordBytes + 1, 'a');
  cache.Remember(long_word, ids);
  EXPECT_FALSE(cache.AppendIds(long_word, ids));

  int known = 0;
  for (int i = 0; i < 200'000; ++i) cache.Remember(std::to_string(i), std::vector<std::int32_t>{i});
  for (int i = 0; i < 200'000; ++i) {
    ids.clear();
    if (!cache.AppendIds(std::to_string(i), ids)) continue;
    ++known;
    ASSERT_THAT(ids, ElementsAre(i));
  }
  EXPECT_GT(known, 1000);
  EXPECT_LE(known, 16'384);
}

}  // namespace
}  // namespace guichet
