#include "model/training/sequence_session.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "model/network/classifier_network.h"
#include "model/network/device.h"
#include "model/network/language_network.h"
#include "model/training/adamw.h"
#include "model/training/parameter_groups.h"
#include "model/training/session_support.h"
#include "model/training/token_loss.h"
#include "model/training/torch_settings.h"

namespace guichet {
namespace {

constexpr ForwardMode kEvaluation{.packed = true};

// All but the head's bias, which is a buffer.
std::span<const NamedParameter> Learning(const LanguageNetwork& network) {
  const std::span<const NamedParameter> all(network.parameters());
  return all.first(all.size() - 1);
}

std::int64_t TokensOf(const SequenceBatch& batch) {
  return std::ranges::count(batch.target.mask, std::uint8_t{1});
}

absl::Status Check(const SequenceBatch& batch, const BartConfig& config) {
  GUICHET_RETURN_IF_ERROR(CheckRows(batch.source, config));
  GUICHET_RETURN_IF_ERROR(CheckRows(batch.target, config));
  if (batch.source.rows == batch.target.rows && !batch.target.mask.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a batch of ", batch.source.rows, " sources and ", batch.target.rows,
                   " targets; give as many of both, the targets with their mask"));
}

class LibtorchSequenceSession final : public SequenceSession {
 public:
  LibtorchSequenceSession(const TrainingPlan& plan, std::unique_ptr<LanguageNetwork> network,
                          at::Device device)
      : settings_(plan.threads),
        plan_(plan),
        device_(device),
        device_name_(device.str()),
        network_(std::move(network)),
        optimizer_(GroupParameters(Learning(*network_), network_->config(), plan_),
                   {plan_.beta1, plan_.beta2, plan_.epsilon}),
        dropout_(device_, MixBits(plan_.seed)),
        training_mode_{.dropout = &dropout_, .packed = true},
        bf16_(UsesBf16(plan_, device_)) {}

  absl::StatusOr<StepResult> Step(std::span<const SequenceBatch> micro_batches,
                                  double learning_rate) override {
    StepResult result{.learning_rate = learning_rate};
    std::int64_t tokens = 0;
    for (const SequenceBatch& batch : micro_batches) {
      GUICHET_RETURN_IF_ERROR(Check(batch, network_->config()));
      tokens += TokensOf(batch);
    }
    if (tokens == 0) return absl::InvalidArgumentError("an update needs a token to learn from");
    try {
      optimizer_.ClearGradients();
      for (const SequenceBatch& batch : micro_batches) {
        result.loss += Learn(batch, 1.0 / static_cast<double>(tokens));
      }
      GUICHET_RETURN_IF_ERROR(FinishUpdate(plan_, step_, optimizer_, result));
      ++step_;
      return result;
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::StatusOr<SequenceLoss> Loss(const SequenceBatch& batch) override {
    GUICHET_RETURN_IF_ERROR(Check(batch, network_->config()));
    try {
      const c10::NoGradGuard no_gradients;
      const Written written = Write(batch, kEvaluation);
      const TokenLoss loss = TokenCrossEntropy(written.states, written.labels, Head(),
                                               {.gradients = false, .bf16 = bf16_});
      return SequenceLoss{.sum = loss.sum, .tokens = written.labels.size(0)};
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::StatusOr<std::vector<std::vector<TokenId>>> Greedy(const PaddedBatch& source,
                                                           int max_length) override {
    GUICHET_RETURN_IF_ERROR(CheckRows(source, network_->config()));
    try {
      const c10::NoGradGuard no_gradients;
      return WriteGreedily(source,
                           std::min(max_length, network_->config().max_position_embeddings));
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::StatusOr<ModelWeights> Export() override {
    try {
      return ToModelWeights(ToOwnedTensors(network_->parameters()));
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::StatusOr<SessionState> Save() override {
    try {
      return SessionState{
          .tensors = CopyState(optimizer_.State()), .step = step_, .dropout = dropout_.Save()};
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::Status Restore(const SessionState& state) override {
    try {
      GUICHET_RETURN_IF_ERROR(RestoreState(state.tensors->tensors(), optimizer_.State()));
      GUICHET_RETURN_IF_ERROR(dropout_.Restore(state.dropout));
      step_ = state.step;
      return absl::OkStatus();
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  std::string_view device() const override { return device_name_; }

 private:
  // The decoder's states at the targets' tokens, and those tokens.
  struct Written {
    at::Tensor states;  // [N, d]
    at::Tensor labels;  // [N]
  };

  // What the encoder makes of a batch; `tensors` keeps what the mask points into.
  struct Read {
    BatchTensors tensors;
    EncoderMemory memory;
  };
  void ReadSource(const PaddedBatch& source, const ForwardMode& mode, Read& read) const {
    read.tensors = ToTensors(source, network_->config(), device_);
    const PackedRows* rows = read.tensors.rows ? &*read.tensors.rows : nullptr;
    read.memory.mask = {.bias = read.tensors.bias, .queries = rows, .keys = rows};
    read.memory.states = network_->Encode(read.tensors.ids, read.memory.mask, mode);
  }

  Written Write(const SequenceBatch& batch, const ForwardMode& mode) const {
    const Autocast precision(device_.type(), bf16_);
    Read read;
    ReadSource(batch.source, mode, read);
    const BatchTensors target = ToTensors(batch.target, network_->config(), device_);
    read.memory.mask.queries = target.decoder_rows ? &*target.decoder_rows : nullptr;
    const at::Tensor slots = target.visible.flatten().nonzero().squeeze(1);
    return {.states = network_->DecodeSlots(target.decoder_ids, read.memory, slots, mode),
            .labels = target.ids.flatten().index_select(0, slots)};
  }

  LanguageHead Head() const { return {network_->head(), network_->bias().view({-1})}; }

  // The sum over a micro-batch times `share`; its gradients are added to those there are.
  double Learn(const SequenceBatch& batch, double share) {
    const Written written = Write(batch, training_mode_);
    const TokenLoss loss =
        TokenCrossEntropy(written.states, written.labels, Head(), {.bf16 = bf16_});
    at::Tensor& head = network_->head().mutable_grad();
    const at::Tensor words = loss.word_gradients.mul_(share);
    head = head.defined() ? head.add_(words) : words;
    written.states.backward(loss.state_gradients.mul_(share).to(written.states.scalar_type()));
    return loss.sum * share;
  }

  std::vector<std::vector<TokenId>> WriteGreedily(const PaddedBatch& source, int max_length) const {
    const BartConfig& config = network_->config();
    Read read;
    ReadSource(source, kEvaluation, read);
    read.memory.mask.queries = nullptr;
    const std::int64_t rows = source.rows;
    at::Tensor ids = at::empty({rows, max_length + 1}, at::kLong).fill_(config.eos_token_id);
    std::vector<std::vector<TokenId>> texts(static_cast<std::size_t>(rows));
    std::vector<bool> ended(texts.size(), false);
    for (int length = 1; length <= max_length; ++length) {
      const at::Tensor past = ids.narrow(1, 0, length).to(device_);
      const at::Tensor states = network_->Decode(past, read.memory, kEvaluation).select(1, -1);
      const at::Tensor next = network_->Logits(states).argmax(-1).to(at::Device(at::kCPU));
      ids.select(1, length).copy_(next);
      for (std::size_t row = 0; row < texts.size(); ++row) {
        const auto id = static_cast<TokenId>(next.const_data_ptr<std::int64_t>()[row]);
        ended[row] = ended[row] || id == config.eos_token_id;
        if (!ended[row]) texts[row].push_back(id);
      }
      if (std::ranges::find(ended, false) == ended.end()) break;
    }
    return texts;
  }

  const TorchSettings settings_;
  const TrainingPlan plan_;
  const at::Device device_;
  const std::string device_name_;
  const std::unique_ptr<LanguageNetwork> network_;
  AdamW optimizer_;
  DropoutSource dropout_;
  const ForwardMode training_mode_;
  const bool bf16_;
  int step_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SequenceSession>> SequenceSession::Create(const BartConfig& config,
                                                                         const ModelWeights* base,
                                                                         const TrainingPlan& plan) {
  GUICHET_RETURN_IF_ERROR(plan.Validate());
  if (config.head() != HeadKind::kEncoderDecoder) {
    return absl::InvalidArgumentError(
        "the configuration has \"pooling\", an encoder without a decoder; leave that out for a "
        "model that writes");
  }
  GUICHET_ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(plan.device));
  GUICHET_ASSIGN_OR_RETURN(auto network,
                           LanguageNetwork::Create(WithDropouts(config, plan),
                                                   base == nullptr ? nullptr : &base->tensors,
                                                   {.seed = plan.seed, .device = device}));
  return std::make_unique<LibtorchSequenceSession>(plan, std::move(network), device);
}

}  // namespace guichet
