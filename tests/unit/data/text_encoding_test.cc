#include "model/data/text_encoding.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/data/line_reader.h"

namespace guichet {
namespace {

using std::string_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Gives a few bytes at a time, as a pipe may.
class TrickleSource : public ByteSource {
 public:
  TrickleSource(std::string bytes, std::size_t at_once)
      : bytes_(std::move(bytes)), at_once_(at_once) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t count = std::min({at_once_, buffer.size(), bytes_.size() - given_});
    std::copy_n(bytes_.data() + given_, count, buffer.data());
    given_ += count;
    return count;
  }

 private:
  const std::string bytes_;
  const std::size_t at_once_;
  std::size_t given_ = 0;
};

struct Lines {
  std::vector<std::string> lines;  // refused ones as "! message"
  std::string encoding;
};

Lines Read(const std::string& bytes, TextEncoding encoding, bool guess = true,
           std::size_t at_once = 1000) {
  LineReader reader(std::make_unique<TrickleSource>(bytes, at_once),
                    {.max_line_bytes = 200, .encoding = encoding, .guess_windows_1252 = guess});
  Lines read;
  while (true) {
    const auto line = reader.Next();
    read.encoding = reader.encoding();
    if (line.ok() && !line->has_value()) return read;
    read.lines.push_back(line.ok() ? **line : "! " + std::string(line.status().message()));
  }
}

std::string Utf16(const std::u16string& text, bool big_end_first) {
  std::string bytes;
  for (const char16_t unit : text) {
    const auto high = static_cast<char>(unit >> 8U);
    const auto low = static_cast<char>(unit & 0xFFU);
    bytes += big_end_first ? high : low;
    bytes += big_end_first ? low : high;
  }
  return bytes;
}

TEST(TextEncodingTest, NamesAreParsed) {
  EXPECT_EQ(*ParseTextEncoding("windows-1252"), TextEncoding::kWindows1252);
  EXPECT_EQ(*ParseTextEncoding("utf-16"), TextEncoding::kUtf16);
  EXPECT_THAT(std::string(ParseTextEncoding("latin1").status().message()),
              HasSubstr("auto, utf-8, windows-1252 and utf-16"));
}

TEST(TextEncodingTest, Windows1252IsThatOfTheStandard) {
  EXPECT_EQ(Windows1252ToUtf8("\x80 \x9C\x8C \x92 \xE9 \x85 \x96"), "€ œŒ ’ é … –");
  for (int byte = 0x80; byte < 0x100; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    const bool undefined =
        byte == 0x81 || byte == 0x8D || byte == 0x8F || byte == 0x90 || byte == 0x9D;
    EXPECT_EQ(FindInvalidWindows1252(one).has_value(), undefined) << byte;
  }
}

TEST(TextEncodingTest, TheFirstAccentDecidesForTheFile) {
  const Lines windows =
      Read("a;b\nr\xE9seau \xE0 c\xF4t\xE9\nplus\n\x80uro\n", TextEncoding::kAuto);
  EXPECT_THAT(windows.lines, ElementsAre("a;b", "réseau à côté", "plus", "€uro"));
  EXPECT_EQ(windows.encoding, "windows-1252");
  const Lines utf8 = Read("a;b\nréseau\n\xE9\nécran\n", TextEncoding::kAuto);
  EXPECT_THAT(utf8.lines, ElementsAre("a;b", "réseau", HasSubstr("line 3: not UTF-8"), "écran"));
  EXPECT_EQ(utf8.encoding, "utf-8");
  // One byte of many that is damaged does not make a file Windows-1252.
  const Lines damaged = Read("réseau coup\xE9 à côté\nécran\n", TextEncoding::kAuto);
  EXPECT_THAT(damaged.lines, ElementsAre(HasSubstr("line 1: not UTF-8"), "écran"));
  EXPECT_EQ(Read("abc\n", TextEncoding::kAuto).encoding, "utf-8");
}

TEST(TextEncodingTest, BytesThatFitNeitherAreRefusedWithTheirLine) {
  const Lines read = Read("ok\n\x81\x8D bon\nr\xE9seau\n\x9D\n", TextEncoding::kAuto);
  EXPECT_THAT(
      read.lines,
      ElementsAre("ok",
                  HasSubstr("line 2: not UTF-8, nor Windows-1252 throughout, at "
                            "byte 1 (0x81)"),
                  "réseau", HasSubstr("line 4: byte 1 (0x9D) is no character of Windows-1252")));
}

TEST(TextEncodingTest, OnlyThoseWhoAskForItGuess) {
  EXPECT_THAT(Read("r\xE9seau\n", TextEncoding::kAuto, /*guess=*/false).lines,
              ElementsAre(HasSubstr("line 1: not UTF-8 at byte 2 (0xE9)")));
}

TEST(TextEncodingTest, TheEncodingCanBeForced) {
  EXPECT_THAT(Read("r\xE9seau\n", TextEncoding::kUtf8).lines, ElementsAre(HasSubstr("not UTF-8")));
  EXPECT_THAT(Read("réseau\n", TextEncoding::kWindows1252).lines, ElementsAre("rÃ©seau"));
  EXPECT_THAT(Read(Utf16(u"é\n", false), TextEncoding::kUtf16).lines, ElementsAre("é"));
}

TEST(TextEncodingTest, Utf16IsReadWhateverTheChunksAndTheEnd) {
  // "\u0A0A" holds the byte of LF twice, the emoji is a surrogate pair.
  const std::u16string text = u"\uFEFFun\t\u00E9\r\n\u0A0A \U0001F600\nfin";
  for (const bool big : {false, true}) {
    for (std::size_t at_once = 1; at_once < 8; ++at_once) {
      const Lines read = Read(Utf16(text, big), TextEncoding::kAuto, true, at_once);
      EXPECT_THAT(read.lines, ElementsAre("un\té", "\u0A0A 😀", "fin")) << big << at_once;
      EXPECT_EQ(read.encoding, "utf-16");
    }
  }
}

TEST(TextEncodingTest, HalfCharactersOfUtf16AreRefusedWithTheirLine) {
  std::u16string text = u"\uFEFFbon\na_b\nc";
  text[6] = 0xD83D;  // a lead without a trail in line 2
  const Lines read = Read(Utf16(text, false) + "\x41", TextEncoding::kAuto);
  EXPECT_THAT(read.lines,
              ElementsAre("bon", HasSubstr("line 2: not UTF-16"), HasSubstr("line 3: not UTF-16")));
  EXPECT_THAT(Read("\xFF\xFE\x00\xDC"s, TextEncoding::kAuto).lines,
              ElementsAre(HasSubstr("line 1: not UTF-16")));
}

TEST(TextEncodingTest, LengthCountsInUtf8) {
  // 150 bytes become 300.
  EXPECT_THAT(Read(std::string(150, '\xE9') + "\nfin\n", TextEncoding::kAuto).lines,
              ElementsAre(HasSubstr("line 1: longer than 200 bytes"), "fin"));
}

}  // namespace
}  // namespace guichet
