#include "model/text/barthez_tokenizer.h"

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/text/special_tokens.h"
#include "model/text/tokenizer_files.h"

namespace guichet {
namespace {

// The real model has 1.1 MB; the largest of the family (multilingual, 250,000 pieces) about 5 MB.
constexpr std::size_t kMaxModelBytes = std::size_t{64} << 20;

absl::Status ToStatus(const SentencePieceModel::Error& error) {
  if (!error.has_value()) return absl::OkStatus();
  return absl::InternalError(fmt::format("sentencepiece failed: {}", *error));
}

// The id of a piece that must be there, and of a type that text never yields.
absl::StatusOr<TokenId> FindControl(const SentencePieceModel& model, std::string_view piece) {
  const std::optional<TokenId> id = model.Find(piece);
  if (!id.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("the sentencepiece model has no piece {}; train it with that name", piece));
  }
  if (!model.IsControl(*id)) {
    return absl::InvalidArgumentError(
        fmt::format("piece {} (id {}) of the sentencepiece model is not a control piece, so text "
                    "could forge it",
                    piece, *id));
  }
  return *id;
}

// The ids of the special tokens; those the model lacks get ids after its last piece and their names
// in `added`, as transformers does.
absl::StatusOr<SpecialTokenIds> FindSpecialTokens(const SentencePieceModel& model,
                                                  std::vector<std::string>& added) {
  SpecialTokenIds ids;
  GUICHET_ASSIGN_OR_RETURN(ids.begin, FindControl(model, "<s>"));
  GUICHET_ASSIGN_OR_RETURN(ids.end, FindControl(model, "</s>"));
  if (model.Find("<unk>") != model.unknown_id()) {
    return absl::InvalidArgumentError(
        fmt::format("the unknown piece of the sentencepiece model is {}, not <unk>",
                    model.Piece(model.unknown_id())));
  }
  ids.unknown = model.unknown_id();
  const auto add = [&](std::string_view piece) {
    added.emplace_back(piece);
    return model.size() + static_cast<TokenId>(added.size()) - 1;
  };
  if (model.Find("<pad>").has_value()) {
    GUICHET_ASSIGN_OR_RETURN(ids.padding, FindControl(model, "<pad>"));
  } else {
    ids.padding = add("<pad>");
  }
  const std::optional<TokenId> mask = model.Find("<mask>");
  ids.mask = mask.has_value() ? *mask : add("<mask>");
  return ids;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Tokenizer>> BarthezTokenizer::Load(
    const std::filesystem::path& folder, const TokenizerOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  const std::filesystem::path path = folder / kModelFile;
  GUICHET_ASSIGN_OR_RETURN(const std::string serialized, ReadFile(path, kMaxModelBytes));
  std::string error;
  std::unique_ptr<const SentencePieceModel> model =
      SentencePieceModel::Parse(serialized, LongTextLimits{}, error);
  if (model == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{}: not a sentencepiece model: {}", path.string(), error));
  }
  std::vector<std::string> added;
  absl::StatusOr<SpecialTokenIds> ids = FindSpecialTokens(*model, added);
  if (!ids.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", path.string(), std::string(ids.status().message())));
  }
  return std::unique_ptr<const Tokenizer>(
      new BarthezTokenizer(std::move(model), std::move(added), *ids, options,
                           ListTokenizerFiles(folder, {std::string(kModelFile)})));
}

BarthezTokenizer::BarthezTokenizer(std::unique_ptr<const SentencePieceModel> model,
                                   std::vector<std::string> added_pieces,
                                   SpecialTokenIds special_ids, const TokenizerOptions& options,
                                   std::vector<std::filesystem::path> files)
    : SubwordTokenizer(options, special_ids, std::move(files)),
      model_(std::move(model)),
      added_pieces_(std::move(added_pieces)) {}

int BarthezTokenizer::vocabulary_size() const {
  return model_->size() + static_cast<int>(added_pieces_.size());
}

absl::Status BarthezTokenizer::AppendIds(std::string_view text, std::vector<TokenId>& ids) const {
  return ToStatus(model_->AppendIds(text, ids));
}

absl::Status BarthezTokenizer::AppendPieces(std::string_view text,
                                            std::vector<std::string>& pieces) const {
  return ToStatus(model_->AppendPieces(text, pieces));
}

std::string BarthezTokenizer::Join(std::span<const TokenId> ids) const {
  return JoinAroundSpecialTokens(ids, special_ids(), [this](std::span<const TokenId> run) {
    std::string text;
    // All ids are in range here, so sentencepiece has nothing to refuse.
    if (model_->Decode(run, text).has_value()) std::abort();
    return text;
  });
}

std::string BarthezTokenizer::PieceOf(TokenId id) const {
  if (id < model_->size()) return model_->Piece(id);
  return added_pieces_[static_cast<std::size_t>(id - model_->size())];
}

}  // namespace guichet
