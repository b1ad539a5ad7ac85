#include "model/text/byte_pair_merges.h"

#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> Apply(const BytePairMerges& merges, std::string_view word) {
  std::vector<BytePairMerges::Symbol> symbols;
  merges.Apply(word, symbols);
  std::vector<std::string> names;
  names.reserve(symbols.size());
  for (const BytePairMerges::Symbol symbol : symbols) {
    names.push_back(merges.symbol_names()[static_cast<std::size_t>(symbol)]);
  }
  return names;
}

TEST(BytePairMergesTest, BytesAndCharactersMapBothWays) {
  EXPECT_EQ(ByteCharacters()[' '], "Ġ");
  EXPECT_EQ(ByteCharacters()['\n'], "Ċ");
  EXPECT_EQ(ByteCharacters()['a'], "a");
  std::string all;
  for (const std::string& character : ByteCharacters()) all += character;
  const std::string bytes = BytesOfCharacters(all).value();
  ASSERT_EQ(bytes.size(), 256U);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(static_cast<unsigned char>(bytes[i]), i);
  EXPECT_EQ(BytesOfCharacters("itÃ©"), "ité");
  EXPECT_EQ(BytesOfCharacters("a b"), std::nullopt);  // a plain space is no such character
  EXPECT_EQ(BytesOfCharacters("漢"), std::nullopt);
}

TEST(BytePairMergesTest, MergesTheLowestRankFirst) {
  const BytePairMerges merges = BytePairMerges::Parse("#version: 0.2\nb c\na b\nab c\n").value();
  EXPECT_THAT(Apply(merges, "abc"), ElementsAre("a", "bc"));
  EXPECT_THAT(Apply(merges, "abab"), ElementsAre("ab", "ab"));
  EXPECT_THAT(Apply(merges, ""), ElementsAre());
}

TEST(BytePairMergesTest, MergesOverlappingPairsFromTheLeft) {
  const BytePairMerges merges = BytePairMerges::Parse("a a\n").value();
  EXPECT_THAT(Apply(merges, "aaaaa"), ElementsAre("aa", "aa", "a"));
}

// The algorithm as GPT-2's encoder.py has it: quadratic, plain.
std::vector<std::string> ApplyPlainly(
    const std::map<std::pair<std::string, std::string>, int>& ranks, std::string_view word) {
  std::vector<std::string> symbols;
  for (const char c : word) symbols.emplace_back(1, c);
  while (true) {
    int best = std::numeric_limits<int>::max();
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = ranks.find({symbols[i], symbols[i + 1]});
      if (found != ranks.end()) best = std::min(best, found->second);
    }
    if (best == std::numeric_limits<int>::max()) return symbols;
    std::vector<std::string> merged;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const auto found =
          i + 1 < symbols.size() ? ranks.find({symbols[i], symbols[i + 1]}) : ranks.end();
      if (found != ranks.end() && found->second == best) {
        merged.push_back(symbols[i] + symbols[i + 1]);
        ++i;
      } else {
        merged.push_back(symbols[i]);
      }
    }
    symbols = merged;
  }
}

// Ranks in any order, so that a merge may make a pair of a lower rank than its own.
TEST(BytePairMergesTest, AgreesWithThePlainAlgorithmOnArbitraryRanks) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> symbols = {"a", "b", "c"};
    std::map<std::pair<std::string, std::string>, int> ranks;
    std::vector<std::string> lines;
    for (int i = 0; i < 12; ++i) {
      const std::string left = symbols[random() % symbols.size()];
      const std::string right = symbols[random() % symbols.size()];
      if (ranks.contains({left, right})) continue;
      ranks[{left, right}] = 0;
      lines.push_back(left + " " + right);
      symbols.push_back(left + right);
    }
    std::ranges::shuffle(lines, random);
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::size_t space = lines[i].find(' ');
      ranks[{lines[i].substr(0, space), lines[i].substr(space + 1)}] = static_cast<int>(i);
      text.append(lines[i]).append("\n");
    }
    const BytePairMerges merges = BytePairMerges::Parse(text).value();
    std::string word;
    for (int i = 0; i < 40; ++i) word += static_cast<char>('a' + random() % 3);
    ASSERT_EQ(Apply(merges, word), ApplyPlainly(ranks, word)) << text << word;
  }
}

TEST(BytePairMergesTest, RefusesLinesThatAreNotTwoSymbols) {
  for (const std::string text : {"a b\nc\n", "a b\na b c\n", "a b\n c\n", "a b\nc \n"}) {
    const auto merges = BytePairMerges::Parse(text);
    EXPECT_EQ(merges.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(merges.status().message()), HasSubstr("line 2")) << text;
  }
}

}  // namespace
}  // namespace guichet
