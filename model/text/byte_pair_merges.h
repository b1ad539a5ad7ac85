#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace guichet {

// GPT-2's way of writing bytes as printable characters: the 188 bytes that are printable in Latin-1
// stand for themselves, the others for U+0100 on, in order.
const std::array<std::string, 256>& ByteCharacters();
// The bytes that a string of such characters stands for; nothing when it holds another character.
std::optional<std::string> BytesOfCharacters(std::string_view characters);

// The merges of a byte-level BPE (merges.txt). Symbols 0 to 255 are the bytes, the others what
// merging yields. Immutable after parsing: safe to share between threads.
class BytePairMerges {
 public:
  using Symbol = std::int32_t;

  // INVALID_ARGUMENT names the line that is not two symbols.
  static absl::StatusOr<BytePairMerges> Parse(std::string_view merges_txt);

  // Appends the symbols of one word: the pair of lowest rank is merged at all its places, from the
  // left, until no pair is ranked. Time n log n in its bytes.
  void Apply(std::string_view word, std::vector<Symbol>& symbols) const;

  // The symbols as the vocabulary writes them, in ByteCharacters.
  const std::vector<std::string>& symbol_names() const { return names_; }

 private:
  struct Merge {
    std::int32_t rank = 0;
    Symbol merged = 0;
  };

  BytePairMerges() = default;
  Symbol Intern(std::string name);
  const Merge* Find(Symbol left, Symbol right) const;

  std::vector<std::string> names_;
  absl::flat_hash_map<std::string, Symbol> symbols_;
  absl::flat_hash_map<std::pair<Symbol, Symbol>, Merge> merges_;

  class Word;
};

}  // namespace guichet
