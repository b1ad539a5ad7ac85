#include "model/training/active_vocabulary.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

bool IsWordMatrix(const std::string& name) {
  return name == "model.shared.weight" || name.ends_with(".embed_tokens.weight");
}

// Without tying, no stack reads the shared matrix, so it is never trained.
bool IsTrainedMatrix(const std::string& name, const BartConfig& config) {
  return config.tie_word_embeddings || name != "model.shared.weight";
}

std::vector<TokenId> All(int count) {
  std::vector<TokenId> tokens(static_cast<std::size_t>(count));
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

std::span<float> RowOf(std::vector<float>& matrix, std::size_t row, std::size_t width) {
  return std::span(matrix).subspan(row * width, width);
}

}  // namespace

ActiveVocabulary::ActiveVocabulary(const BartConfig& config)
    : ActiveVocabulary(config, All(config.vocab_size)) {}

ActiveVocabulary::ActiveVocabulary(const BartConfig& config, std::vector<TokenId> tokens)
    : reduced_(config),
      tokens_(std::move(tokens)),
      row_of_(static_cast<std::size_t>(config.vocab_size), -1) {
  int BartConfig::* const specials[] = {&BartConfig::bos_token_id, &BartConfig::pad_token_id,
                                        &BartConfig::eos_token_id,
                                        &BartConfig::decoder_start_token_id};
  for (const auto special : specials) tokens_.push_back(config.*special);
  std::ranges::sort(tokens_);
  tokens_.erase(std::unique(tokens_.begin(), tokens_.end()), tokens_.end());
  for (std::size_t row = 0; row < tokens_.size(); ++row) {
    row_of_.at(static_cast<std::size_t>(tokens_[row])) = static_cast<TokenId>(row);
  }
  reduced_.vocab_size = static_cast<int>(tokens_.size());
  for (const auto special : specials) {
    reduced_.*special = row_of_.at(static_cast<std::size_t>(config.*special));
  }
}

absl::StatusOr<PaddedBatch> ActiveVocabulary::Map(const PaddedBatch& batch) const {
  if (Everything()) return batch;
  PaddedBatch mapped = batch;
  for (TokenId& id : mapped.ids) {
    const bool known = id >= 0 && static_cast<std::size_t>(id) < row_of_.size();
    const TokenId row = known ? row_of_[static_cast<std::size_t>(id)] : -1;
    if (row < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "token ", id, " is not among the tokens announced for this training session"));
    }
    id = row;
  }
  return mapped;
}

absl::StatusOr<ModelWeights> ActiveVocabulary::Gather(const ModelWeights& weights) const {
  ModelWeights gathered = weights;
  if (Everything()) return gathered;
  auto owned = std::make_shared<OwnedTensors>();
  for (const auto& [name, view] : weights.tensors) {
    if (!IsWordMatrix(name)) continue;
    if (view.shape.size() != 2 || view.shape[0] != static_cast<std::int64_t>(row_of_.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is not a matrix of ", row_of_.size(), " rows"));
    }
    GUICHET_ASSIGN_OR_RETURN(std::vector<float> all, ReadFloats(view));
    const auto width = static_cast<std::size_t>(view.shape[1]);
    std::vector<float> rows(tokens_.size() * width);
    for (std::size_t row = 0; row < tokens_.size(); ++row) {
      std::ranges::copy(RowOf(all, static_cast<std::size_t>(tokens_[row]), width),
                        RowOf(rows, row, width).begin());
    }
    owned->Add(name, {static_cast<std::int64_t>(tokens_.size()), view.shape[1]}, std::move(rows));
  }
  for (const auto& [name, view] : owned->tensors()) gathered.tensors[name] = view;
  gathered.storage = std::move(owned);
  return gathered;
}

absl::StatusOr<std::shared_ptr<OwnedTensors>> ActiveVocabulary::Scatter(
    const OwnedTensors& trained, const Untouched& untouched) const {
  auto full = std::make_shared<OwnedTensors>();
  for (const auto& [name, view] : trained.tensors()) {
    GUICHET_ASSIGN_OR_RETURN(std::vector<float> values, ReadFloats(view));
    if (!IsWordMatrix(name) || Everything()) {
      full->Add(name, view.shape, std::move(values));
      continue;
    }
    const TensorView& original = untouched.original->tensors.at(name);
    GUICHET_ASSIGN_OR_RETURN(std::vector<float> all, ReadFloats(original));
    if (IsTrainedMatrix(name, reduced_) && untouched.decay != 1.0) {
      for (float& value : all) value = static_cast<float>(value * untouched.decay);
    }
    const auto width = static_cast<std::size_t>(view.shape[1]);
    for (std::size_t row = 0; row < tokens_.size(); ++row) {
      std::ranges::copy(RowOf(values, row, width),
                        RowOf(all, static_cast<std::size_t>(tokens_[row]), width).begin());
    }
    full->Add(name, original.shape, std::move(all));
  }
  return full;
}

}  // namespace guichet
