#include "model/cleaning/cleaning_tokenizer.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "model/cleaning/text_cleaner.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

class CleaningTokenizer final : public Tokenizer {
 public:
  CleaningTokenizer(std::shared_ptr<const Tokenizer> base, const TextCleaningOptions& cleaning)
      : base_(std::move(base)), cleaning_(cleaning) {}

  absl::StatusOr<Encoding> Encode(std::string_view text,
                                  const EncodeOptions& options) const override {
    if (!IsAccepted(text)) return base_->Encode(text, options);
    return base_->Encode(CleanText(text, cleaning_), options);
  }

  absl::StatusOr<Encoding> EncodePair(std::string_view first, std::string_view second,
                                      const EncodeOptions& options) const override {
    if (!IsAccepted(first) || !IsAccepted(second)) {
      return base_->EncodePair(first, second, options);
    }
    return base_->EncodePair(CleanText(first, cleaning_), CleanText(second, cleaning_), options);
  }

  absl::StatusOr<std::vector<std::string>> Pieces(std::string_view text,
                                                  bool parse_special_tokens) const override {
    if (!IsAccepted(text)) return base_->Pieces(text, parse_special_tokens);
    return base_->Pieces(CleanText(text, cleaning_), parse_special_tokens);
  }

  absl::StatusOr<std::string> Decode(std::span<const TokenId> ids,
                                     const DecodeOptions& options) const override {
    return base_->Decode(ids, options);
  }
  absl::StatusOr<std::string> IdToPiece(TokenId id) const override { return base_->IdToPiece(id); }

  int vocabulary_size() const override { return base_->vocabulary_size(); }
  const SpecialTokenIds& special_ids() const override { return base_->special_ids(); }
  std::string_view kind() const override { return base_->kind(); }
  const std::vector<std::filesystem::path>& files() const override { return base_->files(); }

 private:
  // What is not goes to `base_` as it came, whose error speaks of it.
  static bool IsAccepted(std::string_view text) {
    return text.size() <= TokenizerOptions().max_text_bytes && !FindInvalidUtf8(text).has_value();
  }

  const std::shared_ptr<const Tokenizer> base_;
  const TextCleaningOptions cleaning_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Tokenizer>> WithCleaning(std::shared_ptr<const Tokenizer> base,
                                                              const TextCleaningOptions& cleaning) {
  GUICHET_RETURN_IF_ERROR(cleaning.Validate());
  if (!cleaning.any()) return base;
  return std::make_shared<const CleaningTokenizer>(std::move(base), cleaning);
}

}  // namespace guichet
