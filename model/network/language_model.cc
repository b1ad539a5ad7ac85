#include "model/network/language_model.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/network/classifier_network.h"
#include "model/network/language_network.h"

namespace guichet {

struct LanguageModel::State {
  std::unique_ptr<LanguageNetwork> network;

  at::Tensor Forward(const PaddedBatch& batch, const at::Tensor& decoder_ids) const {
    const BatchTensors tensors = ToTensors(batch, network->config(), at::kCPU);
    const AttentionMask mask{.bias = tensors.bias};
    const at::Tensor encoded = network->Encode(tensors.ids, mask, {});
    return network->Logits(network->Decode(decoder_ids, {.states = encoded, .mask = mask}, {}));
  }
};

LanguageModel::LanguageModel(std::unique_ptr<const State> state) : state_(std::move(state)) {}
LanguageModel::LanguageModel(LanguageModel&&) noexcept = default;
LanguageModel& LanguageModel::operator=(LanguageModel&&) noexcept = default;
LanguageModel::~LanguageModel() = default;

absl::StatusOr<LanguageModel> LanguageModel::Make(const BartConfig& config,
                                                  const TensorMap* weights, std::uint64_t seed) {
  auto state = std::make_unique<State>();
  GUICHET_ASSIGN_OR_RETURN(state->network,
                           LanguageNetwork::Create(config, weights, {.seed = seed}));
  return LanguageModel(std::move(state));
}

absl::StatusOr<LanguageModel> LanguageModel::Load(const BartConfig& config,
                                                  const ModelWeights& weights) {
  return Make(config, &weights.tensors, /*seed=*/0);
}

absl::StatusOr<LanguageModel> LanguageModel::Initialise(const BartConfig& config,
                                                        std::uint64_t seed) {
  return Make(config, nullptr, seed);
}

absl::StatusOr<std::vector<float>> LanguageModel::Logits(
    const PaddedBatch& batch, std::span<const TokenId> decoder_ids) const {
  const BartConfig& config = state_->network->config();
  GUICHET_RETURN_IF_ERROR(CheckRows(batch, config));
  const auto rows = static_cast<std::size_t>(batch.rows);
  const bool fits =
      !decoder_ids.empty() && decoder_ids.size() % rows == 0 &&
      decoder_ids.size() / rows <= static_cast<std::size_t>(config.max_position_embeddings) &&
      std::ranges::all_of(decoder_ids,
                          [&](TokenId id) { return id >= 0 && id < config.vocab_size; });
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat(decoder_ids.size(), " decoder ids for ", batch.rows,
                     " rows; give each row the same number, ", config.max_position_embeddings,
                     " at most, of ids below ", config.vocab_size));
  }
  try {
    const c10::InferenceMode no_gradients;
    at::Tensor ids =
        at::empty({batch.rows, static_cast<std::int64_t>(decoder_ids.size() / rows)}, at::kLong);
    std::ranges::copy(decoder_ids, ids.mutable_data_ptr<std::int64_t>());
    const at::Tensor logits = state_->Forward(batch, ids).contiguous();
    const float* data = logits.const_data_ptr<float>();
    return std::vector<float>(data, data + logits.numel());
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("the network failed: ", error.what()));
  }
}

ModelWeights LanguageModel::Export() const {
  return ToModelWeights(ToOwnedTensors(state_->network->parameters()));
}

}  // namespace guichet
