#include "model/text/sentencepiece_checks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace guichet {
namespace {

using Problem = std::optional<std::string>;

// Field numbers of sentencepiece_model.proto.
constexpr std::uint32_t kModelPieces = 1;
constexpr std::uint32_t kModelNormalizer = 3;
constexpr std::uint32_t kModelSelfTest = 4;
constexpr std::uint32_t kModelDenormalizer = 5;
constexpr std::uint32_t kPieceText = 1;
constexpr std::uint32_t kPieceScore = 2;
constexpr std::uint32_t kPieceType = 3;
constexpr std::int32_t kUserDefined = 4;  // a value of a piece's type
constexpr std::uint32_t kNormalizerTable = 2;

// How many prefixes of one text may be keys: the sizes of sentencepiece's arrays for them.
constexpr int kMaxNestedRules = 32;
constexpr int kMaxNestedSymbols = 64;
// Far beyond real files. Building a search recurses once for each byte of a piece, each character
// of a text may become as long as a rule's text, and samples are encoded while the file is loaded.
constexpr std::size_t kMaxPieceBytes = 1024;
constexpr std::size_t kMaxRuleTextBytes = 1024;
constexpr std::size_t kMaxSelfTestBytes = std::size_t{1} << 16;

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field of a protobuf message.
struct Field {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;   // of a varint or fixed field
  std::string_view payload;  // of a length-delimited field

  bool Is(std::uint32_t wanted, WireType wanted_type) const {
    return number == wanted && type == wanted_type;
  }
};

// Splits a message into its fields, those of nested messages left whole.
class FieldReader {
 public:
  explicit FieldReader(std::string_view message) : rest_(message) {}

  // Nothing at the end, and after a broken field.
  std::optional<Field> Next() {
    if (rest_.empty() || broken_) return std::nullopt;
    const std::uint64_t tag = Varint();
    if (tag > UINT32_MAX) broken_ = true;  // protobuf would look at a part of it
    Field field;
    field.number = static_cast<std::uint32_t>(tag >> 3U);
    field.type = static_cast<WireType>(tag & 7U);
    switch (field.type) {
      case WireType::kVarint:
        field.value = Varint();
        break;
      case WireType::kFixed64:
        field.value = Fixed<std::uint64_t>();
        break;
      case WireType::kBytes:
        field.payload = Take(Varint());
        break;
      case WireType::kFixed32:
        field.value = Fixed<std::uint32_t>();
        break;
      default:
        broken_ = true;  // groups, which no version of the format has
    }
    if (broken_) return std::nullopt;
    return field;
  }

  bool broken() const { return broken_; }

 private:
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80U) return value;
    }
    broken_ = true;
    return 0;
  }

  std::string_view Take(std::uint64_t size) {
    if (size > rest_.size()) broken_ = true;
    if (broken_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  template <typename Unsigned>
  std::uint64_t Fixed() {
    Unsigned value = 0;
    const std::string_view bytes = Take(sizeof(value));
    bytes.copy(reinterpret_cast<char*>(&value), sizeof(value));  // nothing when broken
    return value;
  }

  std::string_view rest_;
  bool broken_ = false;
};

// A unit of a Darts double array.
class Unit {
 public:
  explicit Unit(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t label() const { return bits_ & 0x800000FFU; }  // never a byte's in a value's unit
  bool has_value() const { return (bits_ & 0x100U) != 0; }
  std::uint32_t value() const { return bits_ & 0x7FFFFFFFU; }
  std::uint32_t offset() const { return (bits_ >> 10U) << ((bits_ & 0x200U) >> 6U); }

 private:
  std::uint32_t bits_;
};

// A normalisation table: the size of a double array in bytes, the array, and the texts that its
// values point into, each ended by a NUL.
class RuleTable {
 public:
  static constexpr std::size_t kHeader = sizeof(std::uint32_t);

  Problem Check(std::string_view table) {
    std::uint32_t size = 0;
    if (table.size() > kHeader) std::memcpy(&size, table.data(), kHeader);
    if (table.size() <= kHeader || size >= table.size() - kHeader || size < sizeof(std::uint32_t)) {
      return "its normalisation table has not the size that it states";
    }
    units_ = table.substr(kHeader, size / sizeof(std::uint32_t) * sizeof(std::uint32_t));
    texts_ = table.substr(kHeader + size);
    if (texts_.back() != '\0') return "the texts of its normalisation table have no end";
    nested_.assign(count(), kUnseen);
    return Walk();
  }

 private:
  // The nodes that follow one another share the place where their children are found: that place
  // is what is visited, once. A child's position is the place's, exclusive-ored with its byte.
  struct Visit {
    std::uint32_t place = 0;
    std::uint32_t byte = 0;  // of the child that is looked at next
    int rules = 0;           // that nest below, as far as the children were looked at
  };
  static constexpr int kUnseen = -1;
  static constexpr int kUnderWay = -2;

  std::size_t count() const { return units_.size() / sizeof(std::uint32_t); }

  Unit At(std::size_t position) const {
    std::uint32_t bits = 0;
    units_.copy(reinterpret_cast<char*>(&bits), sizeof(bits), position * sizeof(bits));
    return Unit(bits);
  }

  // Visits every place that some text leads to, depth first.
  Problem Walk() {
    std::vector<Visit> path;
    if (Problem problem = Enter(At(0).offset(), path)) return problem;
    while (!path.empty()) {
      Visit& visit = path.back();
      if (visit.byte > 0xFFU) {
        nested_[visit.place] = visit.rules;
        path.pop_back();
        continue;
      }
      const std::uint32_t position = visit.place ^ visit.byte;
      const Unit unit = At(position);
      if (unit.label() != visit.byte) {
        ++visit.byte;
        continue;
      }
      const std::uint32_t place = position ^ unit.offset();
      if (place < count() && nested_[place] >= 0) {
        if (unit.has_value()) {
          if (Problem problem = CheckText(At(place).value())) return problem;
        }
        visit.rules = std::max(visit.rules, nested_[place] + (unit.has_value() ? 1 : 0));
        if (visit.rules > kMaxNestedRules) return "too many of its normalisation rules nest";
        ++visit.byte;
      } else if (Problem problem = Enter(place, path)) {  // this child is looked at again after it
        return problem;
      }
    }
    return std::nullopt;
  }

  Problem CheckText(std::size_t begin) const {
    if (begin >= texts_.size()) return "its normalisation table points outside of its texts";
    if (texts_.find('\0', begin) - begin > kMaxRuleTextBytes) {
      return "a text of its normalisation table is too long";
    }
    return std::nullopt;
  }

  Problem Enter(std::uint32_t place, std::vector<Visit>& path) {
    if ((std::size_t{place} | 0xFFU) >= count()) {
      return "its normalisation table points outside of itself";
    }
    if (nested_[place] == kUnderWay) return "its normalisation rules have no end";
    nested_[place] = kUnderWay;
    path.push_back({.place = place});
    return std::nullopt;
  }

  std::string_view units_;
  std::string_view texts_;
  std::vector<int> nested_;  // by place: the rules that nest below it, or one of the above
};

Problem CheckNormalizer(std::string_view message) {
  FieldReader fields(message);
  while (const std::optional<Field> field = fields.Next()) {
    if (!field->Is(kNormalizerTable, WireType::kBytes) || field->payload.empty()) continue;
    if (Problem problem = RuleTable().Check(field->payload)) return problem;
  }
  if (fields.broken()) return "its normaliser's description is cut short or damaged";
  return std::nullopt;
}

// Adds the piece's text to `symbols` when texts are searched for it.
Problem CheckPiece(std::string_view message, std::vector<std::string_view>& symbols) {
  FieldReader fields(message);
  std::string_view text;
  bool is_symbol = false;
  while (const std::optional<Field> field = fields.Next()) {
    if (field->Is(kPieceText, WireType::kBytes)) text = field->payload;
    if (field->Is(kPieceType, WireType::kVarint)) {
      is_symbol = is_symbol || static_cast<std::int32_t>(field->value) == kUserDefined;
    }
    if (field->Is(kPieceScore, WireType::kFixed32) &&
        !std::isfinite(std::bit_cast<float>(static_cast<std::uint32_t>(field->value)))) {
      return "the score of a piece is not a finite number";
    }
  }
  if (fields.broken()) return "a piece is cut short or damaged";
  if (text.empty()) return "a piece is empty";
  if (text.size() > kMaxPieceBytes) return "a piece is too long";
  if (text.find('\0') != std::string_view::npos) return "a piece holds a NUL";
  if (is_symbol) symbols.push_back(text);
  return std::nullopt;
}

// How many of `symbols` are prefixes of one of them, itself included, at most.
int DeepestNesting(std::vector<std::string_view> symbols) {
  std::ranges::sort(symbols);
  std::vector<std::string_view> prefixes;  // of the symbol at hand, each of the next
  std::size_t deepest = 0;
  for (const std::string_view symbol : symbols) {
    while (!prefixes.empty() && !symbol.starts_with(prefixes.back())) prefixes.pop_back();
    prefixes.push_back(symbol);
    deepest = std::max(deepest, prefixes.size());
  }
  return static_cast<int>(deepest);
}

}  // namespace

std::optional<std::string> FindUnsafeModelPart(std::string_view serialized) {
  FieldReader fields(serialized);
  std::vector<std::string_view> symbols;
  std::size_t self_test_bytes = 0;
  while (const std::optional<Field> field = fields.Next()) {
    Problem problem;
    if (field->Is(kModelPieces, WireType::kBytes)) problem = CheckPiece(field->payload, symbols);
    if (field->Is(kModelNormalizer, WireType::kBytes) ||
        field->Is(kModelDenormalizer, WireType::kBytes)) {
      problem = CheckNormalizer(field->payload);
    }
    if (field->Is(kModelSelfTest, WireType::kBytes)) self_test_bytes += field->payload.size();
    if (problem.has_value()) return problem;
  }
  if (fields.broken()) return "it is cut short or damaged";
  if (self_test_bytes > kMaxSelfTestBytes) return "its samples are too long";
  if (DeepestNesting(std::move(symbols)) > kMaxNestedSymbols) {
    return "too many of its user-defined symbols are prefixes of one another";
  }
  return std::nullopt;
}

}  // namespace guichet
