#include "model/text/subword_tokenizer.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/text/special_tokens.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr std::size_t kLargestTextLimit = std::size_t{64} << 20;

int CountUnknown(std::span<const TokenId> ids, TokenId unknown) {
  return static_cast<int>(std::ranges::count(ids, unknown));
}

}  // namespace

absl::Status TokenizerOptions::Validate() const {
  if (max_text_bytes < 1 || max_text_bytes > kLargestTextLimit) {
    return absl::InvalidArgumentError(
        fmt::format("TokenizerOptions.max_text_bytes is {}: it must be between 1 and {}",
                    max_text_bytes, kLargestTextLimit));
  }
  return absl::OkStatus();
}

SubwordTokenizer::SubwordTokenizer(TokenizerOptions options, SpecialTokenIds special_ids,
                                   std::vector<std::filesystem::path> files)
    : options_(options), special_ids_(special_ids), files_(std::move(files)) {}

absl::StatusOr<Encoding> SubwordTokenizer::Encode(std::string_view text,
                                                  const EncodeOptions& options) const {
  Encoding encoding;
  std::vector<TokenId>& ids = encoding.ids;
  const std::size_t begin = options.add_special_tokens ? 1 : 0;
  if (options.add_special_tokens) ids.push_back(special_ids_.begin);
  GUICHET_RETURN_IF_ERROR(AppendText(text, options, ids));
  const std::size_t length = ids.size() - begin;
  GUICHET_ASSIGN_OR_RETURN(const KeptTokens kept, PlanTruncation(length, std::nullopt, options));
  encoding.truncated = kept.first < length;
  ids.resize(begin + kept.first);
  if (options.add_special_tokens) ids.push_back(special_ids_.end);
  encoding.unknown_tokens = CountUnknown(ids, special_ids_.unknown);
  return encoding;
}

absl::StatusOr<Encoding> SubwordTokenizer::EncodePair(std::string_view first,
                                                      std::string_view second,
                                                      const EncodeOptions& options) const {
  std::vector<TokenId> first_ids;
  std::vector<TokenId> second_ids;
  GUICHET_RETURN_IF_ERROR(AppendText(first, options, first_ids));
  GUICHET_RETURN_IF_ERROR(AppendText(second, options, second_ids));
  GUICHET_ASSIGN_OR_RETURN(const KeptTokens kept,
                           PlanTruncation(first_ids.size(), second_ids.size(), options));
  Encoding encoding;
  encoding.truncated = kept.first < first_ids.size() || kept.second < second_ids.size();
  first_ids.resize(kept.first);
  second_ids.resize(kept.second);
  std::vector<TokenId>& ids = encoding.ids;
  ids.reserve(kept.first + kept.second + 4);
  if (options.add_special_tokens) ids.push_back(special_ids_.begin);
  ids.insert(ids.end(), first_ids.begin(), first_ids.end());
  if (options.add_special_tokens) ids.insert(ids.end(), 2, special_ids_.end);
  ids.insert(ids.end(), second_ids.begin(), second_ids.end());
  if (options.add_special_tokens) ids.push_back(special_ids_.end);
  encoding.unknown_tokens = CountUnknown(ids, special_ids_.unknown);
  return encoding;
}

absl::StatusOr<std::vector<std::string>> SubwordTokenizer::Pieces(std::string_view text,
                                                                  bool parse_special_tokens) const {
  GUICHET_RETURN_IF_ERROR(CheckText(text));
  std::string prefixed;
  if (NeedsPrefixSpace(text)) text = prefixed.append(1, ' ').append(text);
  std::vector<std::string> pieces;
  if (!parse_special_tokens) {
    GUICHET_RETURN_IF_ERROR(AppendPieces(text, pieces));
    return pieces;
  }
  for (const TextSegment& segment : SplitAtSpecialTokens(text, special_ids_)) {
    if (segment.id.has_value()) {
      pieces.emplace_back(segment.text);
    } else {
      GUICHET_RETURN_IF_ERROR(AppendPieces(segment.text, pieces));
    }
  }
  return pieces;
}

absl::StatusOr<std::string> SubwordTokenizer::Decode(std::span<const TokenId> ids,
                                                     const DecodeOptions& options) const {
  std::vector<TokenId> kept;
  kept.reserve(ids.size());
  for (const TokenId id : ids) {
    GUICHET_RETURN_IF_ERROR(CheckId(id));
    if (!options.skip_special_tokens || !IsSpecial(id, special_ids_)) kept.push_back(id);
  }
  std::string text = Join(kept);
  return options.clean_up_spaces ? CleanUpSpaces(std::move(text)) : text;
}

absl::StatusOr<std::string> SubwordTokenizer::IdToPiece(TokenId id) const {
  GUICHET_RETURN_IF_ERROR(CheckId(id));
  return PieceOf(id);
}

absl::Status SubwordTokenizer::CheckText(std::string_view text) const {
  if (text.size() > options_.max_text_bytes) {
    return absl::InvalidArgumentError(
        fmt::format("the text has {} bytes, more than the {} allowed "
                    "(TokenizerOptions.max_text_bytes); shorten it",
                    text.size(), options_.max_text_bytes));
  }
  if (const std::optional<std::size_t> offset = FindInvalidUtf8(text); offset.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("the text is not UTF-8: byte {} (0x{:02X}) does not start a character; convert "
                    "it to UTF-8",
                    *offset, static_cast<unsigned char>(text[*offset])));
  }
  return absl::OkStatus();
}

absl::Status SubwordTokenizer::CheckId(TokenId id) const {
  if (id >= 0 && id < vocabulary_size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("token id {} is outside the vocabulary, 0 to {}", id, vocabulary_size() - 1));
}

absl::Status SubwordTokenizer::AppendText(std::string_view text, const EncodeOptions& options,
                                          std::vector<TokenId>& ids) const {
  GUICHET_RETURN_IF_ERROR(CheckText(text));
  std::string prefixed;
  if (NeedsPrefixSpace(text)) text = prefixed.append(1, ' ').append(text);
  if (!options.parse_special_tokens || text.find('<') == std::string_view::npos) {
    return AppendIds(text, ids);
  }
  for (const TextSegment& segment : SplitAtSpecialTokens(text, special_ids_)) {
    if (segment.id.has_value()) {
      ids.push_back(*segment.id);
    } else {
      GUICHET_RETURN_IF_ERROR(AppendIds(segment.text, ids));
    }
  }
  return absl::OkStatus();
}

}  // namespace guichet
