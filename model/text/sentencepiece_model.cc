#include "model/text/sentencepiece_model.h"

#include <cstddef>
#include <exception>
#include <iterator>
#include <span>
#include <utility>

#include <sentencepiece_processor.h>

#include "model/text/independent_words.h"
#include "model/text/sentencepiece_checks.h"
#include "model/text/word_cache.h"

namespace guichet {
namespace {

constexpr std::string_view kSpaceMark = "▁";

SentencePieceModel::Error ToError(const sentencepiece::util::Status& status) {
  if (status.ok()) return std::nullopt;
  return status.ToString();
}

// One part of a text, and how it follows the one before.
struct Part {
  std::string_view text;
  CutKind kind = CutKind::kAtSpace;
};

std::vector<Part> CutIntoParts(std::string_view text, const std::vector<TextCut>& cuts) {
  std::vector<Part> parts;
  parts.reserve(cuts.size() + 1);
  Part part;
  std::size_t start = 0;
  for (const TextCut& cut : cuts) {
    part.text = text.substr(start, cut.offset - start);
    parts.push_back(part);
    start = cut.offset;
    part.kind = cut.kind;
  }
  part.text = text.substr(start);
  parts.push_back(part);
  return parts;
}

std::ptrdiff_t PiecesToSkip(CutKind kind) {
  switch (kind) {
    case CutKind::kAtSpace:
      return 0;
    case CutKind::kBeforeUnknown:
      return 1;
    case CutKind::kInsideUnknownRun:
      return 2;
  }
  return 0;
}

void Append(const std::vector<int>& from, std::ptrdiff_t first, std::vector<int>& to) {
  to.insert(to.end(), from.begin() + first, from.end());
}

void Append(std::vector<std::string>& from, std::ptrdiff_t first, std::vector<std::string>& to) {
  // The pieces left out are the dummy prefix, and what continues the last piece.
  if (first == 2) to.back() += from[1];
  to.insert(to.end(), std::make_move_iterator(from.begin() + first),
            std::make_move_iterator(from.end()));
}

}  // namespace

struct SentencePieceModel::State {
  sentencepiece::SentencePieceProcessor processor;
  CharacterSet known;
  // Whether the model has the properties that PlanCuts needs.
  bool may_cut = false;
  PlainCharacters plain;
  mutable WordCache words;
  LongTextLimits limits;

  void Inspect();
  void InspectCharacters();
  std::vector<Part> Split(std::string_view text) const;

  // As Encode, word by word.
  Error EncodeWords(std::string_view text, std::vector<std::int32_t>& ids) const {
    if (!may_cut) return Encode(text, ids);
    for (const TextStretch& stretch : SplitIntoStretches(text, plain)) {
      if (stretch.is_word && words.AppendIds(stretch.text, ids)) continue;
      const std::size_t before = ids.size();
      if (Error error = Encode(stretch.text, ids); error.has_value()) return error;
      if (stretch.is_word) words.Remember(stretch.text, std::span(ids).subspan(before));
    }
    return std::nullopt;
  }

  template <typename Unit>
  Error Encode(std::string_view text, std::vector<Unit>& units) const {
    if (!may_cut || text.size() <= limits.whole_bytes) return EncodePart(Part{text}, units);
    for (const Part& part : Split(text)) {
      if (Error error = EncodePart(part, units); error.has_value()) return error;
    }
    return std::nullopt;
  }

  template <typename Unit>
  Error EncodePart(const Part& part, std::vector<Unit>& units) const {
    std::vector<Unit> part_units;
    Error error = ToError(processor.Encode(part.text, &part_units));
    if (error.has_value()) return error;
    const std::ptrdiff_t first = PiecesToSkip(part.kind);
    if (std::ssize(part_units) < first || (first == 2 && units.empty())) {
      return "its normalisation depends on more than the text that follows";
    }
    Append(part_units, first, units);
    return std::nullopt;
  }
};

// Learns which characters the vocabulary knows and whether long texts may be cut.
void SentencePieceModel::State::Inspect() {
  may_cut = processor.PieceToId(kSpaceMark) != processor.unk_id() &&
            processor.Normalize("  a  b ") ==
                std::string(kSpaceMark) + "a" + std::string(kSpaceMark) + "b";
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    const std::string& piece = processor.IdToPiece(id);
    // The names of special tokens make no character known: text never yields a control piece, and
    // no piece of a <mask> exists for it to be merged from.
    if (processor.IsControl(id) || processor.IsUnknown(id) || piece == "<mask>") continue;
    known.Add(piece);
    may_cut = may_cut && piece.find(kSpaceMark, 1) == std::string::npos &&
              piece.find(' ') == std::string::npos;
  }
  InspectCharacters();
}

// Learns what normalisation makes of each character between two letters.
void SentencePieceModel::State::InspectCharacters() {
  for (char32_t c = 1; c < PlainCharacters::kEnd; ++c) {
    std::string character;
    if (c < 0x80) {
      character = {static_cast<char>(c)};
    } else {
      character = {static_cast<char>(0xC0U | (c >> 6U)), static_cast<char>(0x80U | (c & 0x3FU))};
    }
    const std::string normalized = processor.Normalize("a" + character + "b");
    if (normalized == std::string(kSpaceMark) + "a" + character + "b") {
      plain.Set(c, PlainCharacters::Kind::kPlain);
    } else if (c < 0x80 &&
               normalized == std::string(kSpaceMark) + "a" + std::string(kSpaceMark) + "b") {
      plain.Set(c, PlainCharacters::Kind::kSpace);
    }
  }
}

std::vector<Part> SentencePieceModel::State::Split(std::string_view text) const {
  std::string normalized;
  std::vector<std::size_t> origins;
  const auto status = processor.Normalize(text, &normalized, &origins);
  if (!status.ok()) return {Part{text}};  // encoding it whole reports the error
  return CutIntoParts(text, PlanCuts(text, {normalized, origins}, known, limits));
}

SentencePieceModel::SentencePieceModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
SentencePieceModel::~SentencePieceModel() = default;

std::unique_ptr<const SentencePieceModel> SentencePieceModel::Parse(std::string_view serialized,
                                                                    const LongTextLimits& limits,
                                                                    std::string& error) {
  auto state = std::make_unique<State>();
  state->limits = limits;
  if (std::optional<std::string> problem = FindUnsafeModelPart(serialized)) {
    error = *std::move(problem);
    return nullptr;
  }
  try {
    const auto status = state->processor.LoadFromSerializedProto(serialized);
    if (!status.ok()) {
      error = status.ToString();
      return nullptr;
    }
    if (state->processor.unk_id() < 0) {
      error = "it names no piece for what it does not know";
      return nullptr;
    }
    state->Inspect();
  } catch (const std::exception& thrown) {  // by its double array's builder, say
    error = thrown.what();
    return nullptr;
  }
  return std::unique_ptr<const SentencePieceModel>(new SentencePieceModel(std::move(state)));
}

SentencePieceModel::Error SentencePieceModel::AppendIds(std::string_view text,
                                                        std::vector<std::int32_t>& ids) const {
  return state_->EncodeWords(text, ids);
}

SentencePieceModel::Error SentencePieceModel::AppendPieces(std::string_view text,
                                                           std::vector<std::string>& pieces) const {
  return state_->Encode(text, pieces);
}

SentencePieceModel::Error SentencePieceModel::Decode(std::span<const std::int32_t> ids,
                                                     std::string& text) const {
  return ToError(state_->processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text));
}

int SentencePieceModel::size() const { return state_->processor.GetPieceSize(); }

std::optional<std::int32_t> SentencePieceModel::Find(std::string_view piece) const {
  const int id = state_->processor.PieceToId(piece);
  // An absent piece gets the id of the unknown one.
  if (state_->processor.IdToPiece(id) != piece) return std::nullopt;
  return id;
}

const std::string& SentencePieceModel::Piece(std::int32_t id) const {
  return state_->processor.IdToPiece(id);
}

bool SentencePieceModel::IsControl(std::int32_t id) const {
  return state_->processor.IsControl(id);
}

std::int32_t SentencePieceModel::unknown_id() const { return state_->processor.unk_id(); }

}  // namespace guichet
