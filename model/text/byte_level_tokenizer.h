#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/text/byte_pair_merges.h"
#include "model/text/subword_tokenizer.h"

namespace guichet {

// Hugging Face's slow BartTokenizer (transformers 4.57): byte-level BPE over GPT-2's word split, no
// normalisation. Immutable: safe to share between threads.
class ByteLevelTokenizer final : public SubwordTokenizer {
 public:
  static constexpr std::string_view kKind = "bart";
  static constexpr std::string_view kVocabularyFile = "vocab.json";
  static constexpr std::string_view kMergesFile = "merges.txt";

  // Reads vocab.json, merges.txt and, where there is one, add_prefix_space of
  // tokenizer_config.json. INVALID_ARGUMENT names the file and what is wrong in it.
  static absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const std::filesystem::path& folder,
                                                               const TokenizerOptions& options);

  int vocabulary_size() const override { return static_cast<int>(pieces_.size()); }
  std::string_view kind() const override { return kKind; }

 private:
  struct Parts;
  ByteLevelTokenizer(Parts parts, const TokenizerOptions& options,
                     std::vector<std::filesystem::path> files);

  absl::Status AppendIds(std::string_view text, std::vector<TokenId>& ids) const override;
  absl::Status AppendPieces(std::string_view text, std::vector<std::string>& pieces) const override;
  bool NeedsPrefixSpace(std::string_view text) const override;
  std::string Join(std::span<const TokenId> ids) const override;
  std::string PieceOf(TokenId id) const override;

  const BytePairMerges merges_;
  const std::vector<std::string> pieces_;       // by id, in ByteCharacters
  const std::vector<std::string> piece_bytes_;  // by id
  const std::vector<TokenId> symbol_ids_;       // by symbol; <unk> when the vocabulary lacks it
  const bool add_prefix_space_;
};

}  // namespace guichet
