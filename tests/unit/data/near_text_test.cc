#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/random.h"
#include "model/data/near_text_index.h"
#include "model/data/text_identity.h"
#include "model/data/ticket_generator.h"

namespace guichet {
namespace {

TextSketch Sketch(std::string_view text) { return IdentityOf(text).sketch.value(); }

std::string Words(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "mot" + std::to_string(i) + " ";
  return text;
}

TEST(TextSketchTest, IsThatOfEarlierVersions) {
  // Held-out texts are kept by it: a change would free them.
  EXPECT_EQ(ToHex(Sketch("Mon mot de passe a expiré")),
            "68b20d6324d1aa9df7328acdc17698b419cc1558855951df35ec5f91a9831a04"
            "8490afd0d34f9361d33aab9fc8b069d6bbee7c70747dfc642aebff8eec50ccf0");
}

TEST(TextSketchTest, EstimatesTheShareOfWordPairs) {
  EXPECT_EQ(EqualBytes(Sketch(Words(0, 50)), Sketch(Words(0, 50))), 64);
  // 99 pairs, 49 of them shared by the half: 49/99 of 64 are 32.
  EXPECT_NEAR(EqualBytes(Sketch(Words(0, 100)), Sketch(Words(0, 50))), 32, 12);
  EXPECT_LT(EqualBytes(Sketch(Words(0, 50)), Sketch(Words(100, 150))), 8);
  // A greeting before a ticket of forty words leaves it what it was.
  EXPECT_TRUE(AreNearDuplicates(Sketch(Words(0, 40)), Sketch("Bonjour, " + Words(0, 40))));
  EXPECT_TRUE(AreNearDuplicates(Sketch("ÉCRAN noir"), Sketch("ecran   noir !")));
  EXPECT_FALSE(AreNearDuplicates(Sketch("écran noir"), Sketch("écran bleu")));
}

TEST(TextSketchTest, ShortTextsHaveOneAndEmptyOnesNone) {
  EXPECT_FALSE(IdentityOf(" !? ").sketch.has_value());
  EXPECT_TRUE(AreNearDuplicates(Sketch("vpn"), Sketch("VPN")));
  EXPECT_FALSE(AreNearDuplicates(Sketch("vpn"), Sketch("outlook")));
}

TEST(TextSketchTest, HexadecimalDigitsAndBack) {
  const TextSketch sketch = Sketch("un deux trois");
  EXPECT_EQ(ParseSketch(ToHex(sketch)), sketch);
  EXPECT_FALSE(ParseSketch("").has_value());
  EXPECT_FALSE(ParseSketch(std::string(127, '0')).has_value());
  EXPECT_FALSE(ParseSketch(std::string(127, '0') + "g").has_value());
}

TEST(NearTextIndexTest, FindsWhatComparingAllFinds) {
  TicketGenerator generator({.seed = 5});
  Random random(1);
  std::vector<TextSketch> sketches;
  NearTextIndex index;
  int near = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string text = generator.Next().Text();
    if (i > 0 && random.Chance(0.3)) text += " merci";
    TextSketch sketch = Sketch(text);
    // Also ones that differ in a few bytes, up to just beyond the threshold.
    if (i > 0 && random.Chance(0.5)) {
      sketch = sketches[random.Below(sketches.size())];
      for (std::uint64_t n = random.Below(9); n > 0; --n) {
        sketch.bytes[random.Below(64)] ^= static_cast<std::uint8_t>(1 + random.Below(255));
      }
    }
    std::set<std::uint32_t> expected;
    for (std::uint32_t other = 0; other < sketches.size(); ++other) {
      if (AreNearDuplicates(sketch, sketches[other])) expected.insert(other);
    }
    std::set<std::uint32_t> found;
    index.ForEach(
        sketch, [](std::uint32_t) { return false; },
        [&](std::uint32_t other) { found.insert(other); });
    ASSERT_EQ(found, expected);
    ASSERT_EQ(index.Find(sketch).has_value(), !expected.empty());
    near += expected.empty() ? 0 : 1;
    sketches.push_back(sketch);
    index.Add(sketch);
  }
  EXPECT_GT(near, 300);
}

TEST(NearTextIndexTest, SkippedTextsAreNotTold) {
  NearTextIndex index;
  index.Add(Sketch("un deux"));
  index.Add(Sketch("un deux"));
  std::set<std::uint32_t> found;
  index.ForEach(
      Sketch("un deux"), [](std::uint32_t number) { return number == 1; },
      [&](std::uint32_t number) { found.insert(number); });
  EXPECT_EQ(found, std::set<std::uint32_t>({0}));
  EXPECT_FALSE(index.Find(Sketch("trois quatre")).has_value());
}

}  // namespace
}  // namespace guichet
