#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "model/text/tokenizer.h"

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

std::unique_ptr<const Tokenizer> LoadBarthez(const TokenizerOptions& options = {}) {
  return LoadTokenizer(BuiltInFolder("barthez").value(), options).value();
}

std::string Repeat(std::string_view unit, std::size_t bytes) {
  std::string text;
  while (text.size() + unit.size() <= bytes) text += unit;
  return text;
}

TEST(HostileTextTest, InvalidUtf8IsRefusedWithItsOffset) {
  const auto tokenizer = LoadBarthez();
  for (const std::string& text :
       {std::string("caf\xE9 noir"), std::string("abc\xC0\xAF"), std::string("abc\xED\xA0\x80"),
        std::string("abc\xF4\x90\x80\x80"), std::string("abc\xE2\x82")}) {
    for (const auto& status :
         {tokenizer->Encode(text, {}).status(), tokenizer->EncodePair("a", text, {}).status(),
          tokenizer->EncodePair(text, "a", {}).status(), tokenizer->Pieces(text, true).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(status.message()), HasSubstr("byte 3"));
    }
  }
}

TEST(HostileTextTest, NulIsACharacterLikeAnother) {
  const auto tokenizer = LoadBarthez();
  EXPECT_THAT(tokenizer->Encode(std::string_view("\0", 1), {}).value().ids,
              ElementsAre(0, 49904, 3, 2));
  EXPECT_GT(tokenizer->Encode(std::string_view("a\0b", 3), {}).value().ids.size(), 3U);
}

TEST(HostileTextTest, TheSizeLimitIsExactAndNamed) {
  const auto tokenizer = LoadBarthez({.max_text_bytes = 8});
  EXPECT_TRUE(tokenizer->Encode("12345678", {}).ok());
  const absl::Status status = tokenizer->Encode("123456789", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("9 bytes, more than the 8 allowed"));
  EXPECT_FALSE(tokenizer->EncodePair("a", "123456789", {}).ok());
  EXPECT_FALSE(tokenizer->Pieces("123456789", false).ok());
}

TEST(HostileTextTest, TheSizeLimitMustBeSensible) {
  const auto folder = BuiltInFolder("barthez").value();
  EXPECT_EQ(LoadTokenizer(folder, {.max_text_bytes = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(LoadTokenizer(folder, {.max_text_bytes = 65 * kMebibyte}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Encoded whole, a mebibyte of one unknown run takes sentencepiece 17 s; in parts, 0.1 s.
TEST(HostileTextTest, AMebibyteOfUnknownCharactersIsOneTokenAndQuick) {
  const auto tokenizer = LoadBarthez();
  for (const std::string_view unit : {"\u0301", "漢", "<", "😀"}) {
    const std::string text = Repeat(unit, kMebibyte);
    const auto start = std::chrono::steady_clock::now();
    const Encoding encoding = tokenizer->Encode(text, {}).value();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << unit;
    EXPECT_THAT(encoding.ids, ElementsAre(0, 49904, 3, 2));
  }
}

TEST(HostileTextTest, ALongWordIsEncodedInTime) {
  const auto tokenizer = LoadBarthez();
  for (const std::string_view unit : {"a", "Bonjour", "#a", "\uFDFA"}) {
    const auto start = std::chrono::steady_clock::now();
    const Encoding encoding =
        tokenizer->Encode(Repeat(unit, kMebibyte / 4), {.max_length = 1024}).value();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << unit;
    EXPECT_EQ(encoding.ids.size(), 1024U);
    EXPECT_EQ(encoding.ids.back(), 2);
    EXPECT_TRUE(encoding.truncated);
  }
}

TEST(HostileTextTest, AMebibyteOfSpecialTokensIsParsed) {
  const auto tokenizer = LoadBarthez();
  const Encoding encoding = tokenizer->Encode(Repeat("</s>", kMebibyte), {}).value();
  EXPECT_EQ(encoding.ids.size(), kMebibyte / 4 + 2);
  EXPECT_TRUE(std::all_of(encoding.ids.begin() + 1, encoding.ids.end(),
                          [](TokenId id) { return id == 2; }));
}

}  // namespace
}  // namespace guichet
