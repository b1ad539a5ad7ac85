#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/tokenizer.h"
#include "model/text/utf8.h"

namespace guichet {

inline void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// What must hold of a single text.
inline void CheckSingle(const Tokenizer& tokenizer, std::string_view text, EncodeOptions options) {
  const std::optional<int> max_length = options.max_length;
  options.max_length = std::nullopt;
  const auto whole = tokenizer.Encode(text, options);
  Require(whole.ok() == !FindInvalidUtf8(text).has_value(), "UTF-8 is what is accepted");
  if (!whole.ok()) return;
  const SpecialTokenIds& special = tokenizer.special_ids();
  Require(whole->ids.front() == special.begin && whole->ids.back() == special.end, "<s> X </s>");
  if (!options.parse_special_tokens) {
    Require(std::ranges::count(whole->ids, special.end) == 1, "text forges no </s>");
  }
  Require(tokenizer.Pieces(text, options.parse_special_tokens)->size() + 2 == whole->ids.size(),
          "a piece for each id");
  for (const bool skip : {true, false}) {
    const auto decoded =
        tokenizer.Decode(whole->ids, {.skip_special_tokens = skip, .clean_up_spaces = skip});
    Require(decoded.ok() && !FindInvalidUtf8(*decoded).has_value(), "its own ids decode to UTF-8");
  }
  options.max_length = max_length;
  const auto cut = tokenizer.Encode(text, options);
  if (!cut.ok()) return;
  Require(std::ssize(cut->ids) <= *max_length, "max_length holds");
  Require(cut->ids.back() == special.end, "truncation keeps </s>");
  Require(std::equal(cut->ids.begin(), cut->ids.end() - 1, whole->ids.begin()),
          "truncation drops from the end");
  Require(cut->truncated == (cut->ids.size() < whole->ids.size()), "truncation is reported");
}

// What must hold of a pair.
inline void CheckPair(const Tokenizer& tokenizer, std::string_view first, std::string_view second,
                      EncodeOptions options) {
  const auto pair = tokenizer.EncodePair(first, second, options);
  if (!pair.ok()) return;
  const SpecialTokenIds& special = tokenizer.special_ids();
  Require(std::ssize(pair->ids) <= *options.max_length, "max_length holds for pairs");
  Require(pair->ids.front() == special.begin && pair->ids.back() == special.end,
          "<s> A </s></s> B </s>");
  Require(std::ranges::count(pair->ids, special.end) >= 3, "a pair has three </s>");
}

// Reads the options from the first three bytes, then checks the rest as one text and as two.
inline void CheckTokenizer(const Tokenizer& tokenizer, std::string_view input) {
  if (input.size() < 3) return;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(input[i]); };
  EncodeOptions options;
  options.parse_special_tokens = (byte(0) & 1) != 0;
  options.truncation = static_cast<TruncationStrategy>((byte(0) >> 1) % 3);
  options.max_length = byte(1);
  const std::size_t middle = byte(2) * (input.size() - 3) / 256;
  input.remove_prefix(3);
  CheckSingle(tokenizer, input, options);
  CheckPair(tokenizer, input.substr(0, middle), input.substr(middle), options);
}

}  // namespace guichet
