#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/text/sentencepiece_model.h"
#include "model/text/subword_tokenizer.h"

namespace guichet {

// Hugging Face's slow BarthezTokenizer (transformers 4.57): a sentencepiece model whose ids are the
// model's own, with special tokens around it. Immutable: safe to share between threads. Without
// parse_special_tokens, text yields no <s>, </s> or <pad>.
class BarthezTokenizer final : public SubwordTokenizer {
 public:
  static constexpr std::string_view kKind = "barthez";
  static constexpr std::string_view kModelFile = "sentencepiece.bpe.model";

  // Reads sentencepiece.bpe.model. INVALID_ARGUMENT for a file that is not a sentencepiece model or
  // lacks <s>, </s> or <unk>. A <pad> or <mask> it lacks goes after its last piece.
  static absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const std::filesystem::path& folder,
                                                               const TokenizerOptions& options);

  int vocabulary_size() const override;
  std::string_view kind() const override { return kKind; }

 private:
  BarthezTokenizer(std::unique_ptr<const SentencePieceModel> model,
                   std::vector<std::string> added_pieces, SpecialTokenIds special_ids,
                   const TokenizerOptions& options, std::vector<std::filesystem::path> files);

  absl::Status AppendIds(std::string_view text, std::vector<TokenId>& ids) const override;
  absl::Status AppendPieces(std::string_view text, std::vector<std::string>& pieces) const override;
  bool NeedsPrefixSpace(std::string_view) const override { return false; }
  std::string Join(std::span<const TokenId> ids) const override;
  std::string PieceOf(TokenId id) const override;

  const std::unique_ptr<const SentencePieceModel> model_;
  const std::vector<std::string> added_pieces_;  // ids from model_->size() on
};

}  // namespace guichet
