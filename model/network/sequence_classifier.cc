#include "model/network/sequence_classifier.h"

#include <exception>
#include <utility>

#include <c10/core/InferenceMode.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/network/classifier_network.h"

namespace guichet {
namespace {

std::vector<float> ToVector(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::Device(at::kCPU), at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  return {data, data + values.numel()};
}

}  // namespace

struct SequenceClassifier::State {
  std::unique_ptr<ClassifierNetwork> network;
};

SequenceClassifier::SequenceClassifier(std::unique_ptr<const State> state)
    : state_(std::move(state)) {}
SequenceClassifier::SequenceClassifier(SequenceClassifier&&) noexcept = default;
SequenceClassifier& SequenceClassifier::operator=(SequenceClassifier&&) noexcept = default;
SequenceClassifier::~SequenceClassifier() = default;

absl::StatusOr<SequenceClassifier> SequenceClassifier::Load(const BartConfig& config,
                                                            const ModelWeights& weights,
                                                            std::uint64_t seed) {
  GUICHET_ASSIGN_OR_RETURN(auto network,
                           ClassifierNetwork::Create(config, &weights.tensors, {.seed = seed}));
  return SequenceClassifier(std::make_unique<State>(State{std::move(network)}));
}

absl::StatusOr<SequenceClassifier> SequenceClassifier::Initialise(const BartConfig& config,
                                                                  std::uint64_t seed) {
  GUICHET_ASSIGN_OR_RETURN(auto network,
                           ClassifierNetwork::Create(config, nullptr, {.seed = seed}));
  return SequenceClassifier(std::make_unique<State>(State{std::move(network)}));
}

absl::StatusOr<ClassifierOutput> SequenceClassifier::Forward(const PaddedBatch& batch) const {
  const ClassifierNetwork& network = *state_->network;
  GUICHET_RETURN_IF_ERROR(CheckBatch(batch, network.config()));
  try {
    const c10::InferenceMode no_gradients;
    const NetworkOutput output =
        network.Forward(ToTensors(batch, network.config(), network.device()), {});
    return ClassifierOutput{.logits = ToVector(output.logits),
                            .pooled = ToVector(output.pooled),
                            .encoder_states = ToVector(output.encoder_states)};
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("the network failed: ", error.what()));
  }
}

ModelWeights SequenceClassifier::Export() const {
  return ToModelWeights(ToOwnedTensors(state_->network->parameters()));
}

}  // namespace guichet
