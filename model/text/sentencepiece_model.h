#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/long_text.h"

namespace guichet {

// A sentencepiece model behind a wall: its header brings an absl::string_view of its own, so this
// one and the .cc know no abseil. Errors are messages. Immutable after loading: safe to share
// between threads.
class SentencePieceModel {
 public:
  // Nothing on success, else what went wrong.
  using Error = std::optional<std::string>;

  // Reads a serialised ModelProto. Null on failure, with the reason in `error`.
  static std::unique_ptr<const SentencePieceModel> Parse(std::string_view serialized,
                                                         const LongTextLimits& limits,
                                                         std::string& error);
  ~SentencePieceModel();

  // Append what `text`, valid UTF-8, is split into; an unknown piece keeps its normalised surface.
  // The time is bounded by the text's length times a logarithm, whatever it holds.
  Error AppendIds(std::string_view text, std::vector<std::int32_t>& ids) const;
  Error AppendPieces(std::string_view text, std::vector<std::string>& pieces) const;

  // The text of ids in [0, size()).
  Error Decode(std::span<const std::int32_t> ids, std::string& text) const;

  int size() const;
  // The id of a piece of the vocabulary, of whatever type.
  std::optional<std::int32_t> Find(std::string_view piece) const;
  const std::string& Piece(std::int32_t id) const;
  // A control piece is never produced by text.
  bool IsControl(std::int32_t id) const;
  std::int32_t unknown_id() const;

 private:
  struct State;
  explicit SentencePieceModel(std::unique_ptr<State> state);

  std::unique_ptr<const State> state_;
};

}  // namespace guichet
