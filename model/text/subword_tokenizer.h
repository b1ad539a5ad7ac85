#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

namespace guichet {

// What the tokenizers have in common: checks of the input, special tokens, templates, truncation
// and the filter before decoding. A subclass brings the subword model. Immutable after
// construction, so safe to share between threads.
class SubwordTokenizer : public Tokenizer {
 public:
  absl::StatusOr<Encoding> Encode(std::string_view text, const EncodeOptions& options) const final;
  absl::StatusOr<Encoding> EncodePair(std::string_view first, std::string_view second,
                                      const EncodeOptions& options) const final;
  absl::StatusOr<std::vector<std::string>> Pieces(std::string_view text,
                                                  bool parse_special_tokens) const final;
  absl::StatusOr<std::string> Decode(std::span<const TokenId> ids,
                                     const DecodeOptions& options) const final;
  absl::StatusOr<std::string> IdToPiece(TokenId id) const final;

  const SpecialTokenIds& special_ids() const final { return special_ids_; }
  const std::vector<std::filesystem::path>& files() const final { return files_; }

 protected:
  SubwordTokenizer(TokenizerOptions options, SpecialTokenIds special_ids,
                   std::vector<std::filesystem::path> files);

  // Appends what ordinary text, valid UTF-8 without special tokens to parse, is split into.
  virtual absl::Status AppendIds(std::string_view text, std::vector<TokenId>& ids) const = 0;
  virtual absl::Status AppendPieces(std::string_view text,
                                    std::vector<std::string>& pieces) const = 0;
  // Whether a space goes before `text`, a whole input, before anything else happens.
  virtual bool NeedsPrefixSpace(std::string_view text) const = 0;
  // The text of ids that are all in the vocabulary.
  virtual std::string Join(std::span<const TokenId> ids) const = 0;
  // The vocabulary's string of an id in the vocabulary.
  virtual std::string PieceOf(TokenId id) const = 0;

 private:
  absl::Status CheckText(std::string_view text) const;
  absl::Status CheckId(TokenId id) const;
  // Checks `text` and appends its ids, special tokens in it parsed as the options say.
  absl::Status AppendText(std::string_view text, const EncodeOptions& options,
                          std::vector<TokenId>& ids) const;

  const TokenizerOptions options_;
  const SpecialTokenIds special_ids_;
  const std::vector<std::filesystem::path> files_;
};

}  // namespace guichet
