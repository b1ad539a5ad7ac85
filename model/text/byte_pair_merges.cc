#include "model/text/byte_pair_merges.h"

#include <cstddef>
#include <queue>
#include <tuple>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr std::int32_t kNone = -1;

bool IsPrintableLatin1(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::string TwoByteUtf8(int code_point) {
  return {static_cast<char>(0xC0 | (code_point >> 6)),
          static_cast<char>(0x80 | (code_point & 0x3F))};
}

std::array<std::string, 256> MakeByteCharacters() {
  std::array<std::string, 256> characters;
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const int code_point = IsPrintableLatin1(byte) ? byte : next++;
    characters[static_cast<std::size_t>(byte)] =
        code_point < 0x80 ? std::string(1, static_cast<char>(code_point)) : TwoByteUtf8(code_point);
  }
  return characters;
}

// The byte that each character U+0000 to U+0143 stands for, or kNone.
std::vector<std::int32_t> MakeCharacterBytes() {
  std::vector<std::int32_t> bytes(0x144, kNone);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    bytes[DecodeUtf8(ByteCharacters()[byte], 0).code_point] = static_cast<std::int32_t>(byte);
  }
  return bytes;
}

}  // namespace

const std::array<std::string, 256>& ByteCharacters() {
  static const std::array<std::string, 256> kCharacters = MakeByteCharacters();
  return kCharacters;
}

std::optional<std::string> BytesOfCharacters(std::string_view characters) {
  static const std::vector<std::int32_t> kBytes = MakeCharacterBytes();
  std::string bytes;
  for (std::size_t offset = 0; offset < characters.size();) {
    const Utf8Character character = DecodeUtf8(characters, offset);
    if (character.code_point >= kBytes.size() || kBytes[character.code_point] == kNone) {
      return std::nullopt;
    }
    bytes += static_cast<char>(kBytes[character.code_point]);
    offset += character.length;
  }
  return bytes;
}

// One word on its way: symbols in a doubly linked list over their first bytes, and the pairs that
// may be merged, lowest rank first, then from the left.
class BytePairMerges::Word {
 public:
  Word(const BytePairMerges& merges, std::string_view bytes) : merges_(merges) {
    nodes_.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto at = static_cast<std::int32_t>(i);
      nodes_.push_back({static_cast<unsigned char>(bytes[i]), at - 1, at + 1});
    }
    nodes_.back().next = kNone;
    for (std::int32_t at = 0; at + 1 < static_cast<std::int32_t>(bytes.size()); ++at) Push(at);
  }

  void MergeAll() {
    std::vector<Candidate> same_rank;
    while (!candidates_.empty()) {
      // All places of a pair go before any pair that merging them makes, whatever its rank.
      same_rank.clear();
      do {
        same_rank.push_back(candidates_.top());
        candidates_.pop();
      } while (!candidates_.empty() && candidates_.top().rank == same_rank.front().rank);
      for (const Candidate& candidate : same_rank) MergeAt(candidate);
    }
  }

  void AppendTo(std::vector<Symbol>& symbols) const {
    for (std::int32_t at = 0; at != kNone; at = NodeAt(at).next)
      symbols.push_back(NodeAt(at).symbol);
  }

 private:
  struct Node {
    Symbol symbol;  // kNone: merged into the one before
    std::int32_t previous;
    std::int32_t next;
  };
  struct Candidate {
    std::int32_t rank;
    std::int32_t at;
    Symbol left;
    Symbol right;
    Symbol merged;
    bool operator>(const Candidate& other) const {
      return std::tie(rank, at) > std::tie(other.rank, other.at);
    }
  };

  const Node& NodeAt(std::int32_t at) const { return nodes_[static_cast<std::size_t>(at)]; }
  Node& NodeAt(std::int32_t at) { return nodes_[static_cast<std::size_t>(at)]; }

  // Offers the pair that starts at `at`.
  void Push(std::int32_t at) {
    const Symbol left = NodeAt(at).symbol;
    const Symbol right = NodeAt(NodeAt(at).next).symbol;
    if (const Merge* merge = merges_.Find(left, right); merge != nullptr) {
      candidates_.push({merge->rank, at, left, right, merge->merged});
    }
  }

  void MergeAt(const Candidate& candidate) {
    Node& left = NodeAt(candidate.at);
    if (left.symbol != candidate.left || left.next == kNone ||
        NodeAt(left.next).symbol != candidate.right) {
      return;  // one of the two went into another pair
    }
    Node& right = NodeAt(left.next);
    left.symbol = candidate.merged;
    left.next = right.next;
    right.symbol = kNone;
    if (left.next != kNone) {
      NodeAt(left.next).previous = candidate.at;
      Push(candidate.at);
    }
    if (left.previous != kNone) Push(left.previous);
  }

  const BytePairMerges& merges_;
  std::vector<Node> nodes_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
};

absl::StatusOr<BytePairMerges> BytePairMerges::Parse(std::string_view merges_txt) {
  BytePairMerges merges;
  for (const std::string& character : ByteCharacters()) merges.Intern(character);
  int line_number = 0;
  std::int32_t rank = 0;
  while (!merges_txt.empty()) {
    const std::size_t end = std::min(merges_txt.find('\n'), merges_txt.size());
    const std::string_view line = merges_txt.substr(0, end);
    merges_txt.remove_prefix(std::min(end + 1, merges_txt.size()));
    ++line_number;
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    const std::size_t space = line.find(' ');
    if (space == 0 || space >= line.size() - 1 || line.find(' ', space + 1) != line.npos) {
      return absl::InvalidArgumentError(
          fmt::format("line {} is not two symbols with a space between", line_number));
    }
    const std::string_view left = line.substr(0, space);
    const std::string_view right = line.substr(space + 1);
    const std::pair pair{merges.Intern(std::string(left)), merges.Intern(std::string(right))};
    merges.merges_[pair] = {rank++, merges.Intern(std::string(left) += right)};
  }
  return merges;
}

void BytePairMerges::Apply(std::string_view word, std::vector<Symbol>& symbols) const {
  if (word.empty()) return;
  Word merging(*this, word);
  merging.MergeAll();
  merging.AppendTo(symbols);
}

BytePairMerges::Symbol BytePairMerges::Intern(std::string name) {
  const auto [entry, inserted] = symbols_.try_emplace(name, static_cast<Symbol>(names_.size()));
  if (inserted) names_.push_back(std::move(name));
  return entry->second;
}

const BytePairMerges::Merge* BytePairMerges::Find(Symbol left, Symbol right) const {
  const auto found = merges_.find(std::pair{left, right});
  return found == merges_.end() ? nullptr : &found->second;
}

}  // namespace guichet
