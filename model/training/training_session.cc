#include "model/training/training_session.h"

#include <cmath>
#include <exception>
#include <optional>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "model/network/classifier_network.h"
#include "model/network/device.h"
#include "model/network/owned_tensors.h"
#include "model/network/sequence_classifier.h"
#include "model/training/active_vocabulary.h"
#include "model/training/adamw.h"
#include "model/training/batch_share.h"
#include "model/training/gradient_reducer.h"
#include "model/training/losses.h"
#include "model/training/optimizer_schedule.h"
#include "model/training/parameter_groups.h"
#include "model/training/parameter_role.h"
#include "model/training/session_support.h"
#include "model/training/torch_settings.h"
#include "model/training/weight_average.h"

namespace guichet {
namespace {

// A tensor of [rows, numbers.size() / rows] on the device.
at::Tensor ToMatrix(std::span<const float> numbers, int rows, at::Device device) {
  at::Tensor matrix =
      at::empty({rows, static_cast<std::int64_t>(numbers.size()) / rows}, at::kFloat);
  std::copy(numbers.begin(), numbers.end(), matrix.mutable_data_ptr<float>());
  return matrix.to(device);
}

LowRankOptions LowRankOf(const TrainingPlan& plan) {
  if (plan.mode.kind != TrainedPart::Kind::kLora) return {};
  return {.rank = plan.lora_rank, .alpha = plan.lora_alpha};
}

constexpr ForwardMode kEvaluation{.packed = true};

class LibtorchSession final : public TrainingSession {
 public:
  struct Parts {
    TrainingPlan plan;
    SessionOptions options;
    ModelWeights original;
    ActiveVocabulary vocabulary;
    std::unique_ptr<ClassifierNetwork> network;
  };
  explicit LibtorchSession(Parts parts)
      : settings_(parts.plan.threads),
        plan_(std::move(parts.plan)),
        peers_(parts.options.peers),
        class_weights_(parts.options.class_weights),
        original_(std::move(parts.original)),
        vocabulary_(std::move(parts.vocabulary)),
        network_(std::move(parts.network)),
        device_name_(network_->device().str()),
        schedule_(ScheduleOf(plan_, parts.options.total_steps)),
        groups_(GroupParameters(network_->parameters(), network_->config(), plan_)),
        optimizer_(groups_, {plan_.beta1, plan_.beta2, plan_.epsilon}),
        dropout_(network_->device(), MixBits(plan_.seed)),
        training_mode_{.dropout = &dropout_,
                       .packed = true,
                       .adapted = plan_.mode.kind == TrainedPart::Kind::kLora},
        bf16_(UsesBf16(plan_, network_->device())),
        table_rate_(std::pow(plan_.layer_decay,
                             RoleOf("model.shared.weight", network_->config(), plan_).depth)) {
    loss_.label_smoothing = plan_.label_smoothing;
    if (!parts.options.class_weights.empty()) {
      loss_.class_weights = at::tensor(parts.options.class_weights).to(network_->device());
    }
    if (peers_ != nullptr) {
      // Untied, the shared table of words has no part in the network.
      reducer_.emplace(*peers_, AllOf(groups_), network_->config().tie_word_embeddings);
    }
    if (plan_.ema_decay > 0.0) average_.emplace(AllOf(groups_), plan_.ema_decay);
  }

  absl::StatusOr<StepResult> Step(std::span<const TrainingBatch> micro_batches) override {
    if (micro_batches.empty()) return absl::InvalidArgumentError("an update needs a micro-batch");
    try {
      UseAverage(false);
      return Update(micro_batches);
    } catch (const std::exception& error) {
      return peers_ == nullptr ? DeviceFailed(error) : PeerLost(error);
    }
  }

  absl::StatusOr<std::vector<float>> Logits(const TrainingBatch& batch) override {
    try {
      UseAverage(true);
      const c10::NoGradGuard no_gradients;
      GUICHET_ASSIGN_OR_RETURN(const at::Tensor pooled, PooledTensor(batch, kEvaluation));
      return ToNumbers(network_->ForwardHead(pooled, kEvaluation));
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::StatusOr<std::vector<float>> Pooled(const PaddedBatch& batch) override {
    try {
      UseAverage(true);
      const c10::NoGradGuard no_gradients;
      GUICHET_ASSIGN_OR_RETURN(const at::Tensor pooled, PooledTensor({batch, {}, {}}, kEvaluation));
      return ToNumbers(pooled);
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::StatusOr<ModelWeights> Export() override {
    UseAverage(true);
    const auto trained =
        ToOwnedTensors(MergeAdapters(network_->parameters(), LowRankOf(plan_).Scale()));
    GUICHET_ASSIGN_OR_RETURN(
        auto full,
        vocabulary_.Scatter(*trained, {&original_, average_ ? average_untouched_ : untouched_}));
    return ToModelWeights(std::move(full));
  }

  absl::StatusOr<SessionState> Save() override {
    try {
      UseAverage(false);
      SessionState state{.tensors = CopyState(State()),
                         .step = step_,
                         .untouched = untouched_,
                         .average_untouched = average_untouched_,
                         .dropout = dropout_.Save()};
      if (average_.has_value()) state.average_updates = average_->updates();
      return state;
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  absl::Status Restore(const SessionState& state) override {
    try {
      UseAverage(false);
      GUICHET_RETURN_IF_ERROR(RestoreState(state.tensors->tensors(), State()));
      GUICHET_RETURN_IF_ERROR(dropout_.Restore(state.dropout));
      step_ = state.step;
      untouched_ = state.untouched;
      average_untouched_ = state.average_untouched;
      if (average_.has_value()) average_->set_updates(state.average_updates);
      return absl::OkStatus();
    } catch (const std::exception& error) {
      return DeviceFailed(error);
    }
  }

  std::string_view device() const override { return device_name_; }

 private:
  // Everything that an update changes, live.
  std::vector<NamedState> State() const {
    std::vector<NamedState> state = optimizer_.State();
    if (!average_.has_value()) return state;
    for (std::size_t i = 0; i < average_->averages().size(); ++i) {
      state.push_back({absl::StrCat("weight_average.", i), average_->averages()[i]});
    }
    return state;
  }

  absl::StatusOr<at::Tensor> PooledTensor(const TrainingBatch& batch, const ForwardMode& mode) {
    if (!batch.pooled.empty()) {
      return ToMatrix(batch.pooled, batch.tokens.rows, network_->device());
    }
    GUICHET_ASSIGN_OR_RETURN(const PaddedBatch mapped, vocabulary_.Map(batch.tokens));
    GUICHET_RETURN_IF_ERROR(CheckBatch(mapped, network_->config()));
    return network_->ForwardBody(ToTensors(mapped, network_->config(), network_->device()), mode)
        .pooled;
  }

  absl::StatusOr<at::Tensor> Loss(const TrainingBatch& batch) {
    const Autocast precision(network_->device().type(), bf16_);
    const at::Tensor labels = at::tensor(batch.labels, at::kLong).to(network_->device());
    GUICHET_ASSIGN_OR_RETURN(const at::Tensor pooled, PooledTensor(batch, training_mode_));
    const at::Tensor logits = network_->ForwardHead(pooled, training_mode_).to(at::kFloat);
    if (plan_.r_drop <= 0.0) return CrossEntropy(logits, labels, loss_);
    GUICHET_ASSIGN_OR_RETURN(const at::Tensor again, PooledTensor(batch, training_mode_));
    return RDropLoss({logits, network_->ForwardHead(again, training_mode_).to(at::kFloat)}, labels,
                     loss_, plan_.r_drop);
  }

  // The loss of a micro-batch, or this process's part of it; its gradients are added to those there
  // are. The reducer, told of the update's last one, makes the mean of all processes' sums.
  absl::StatusOr<double> Learn(const TrainingBatch& batch, double share, bool last) {
    if (peers_ == nullptr) {
      GUICHET_ASSIGN_OR_RETURN(const at::Tensor loss, Loss(batch));
      loss.mul(share).backward();
      return loss.item<double>() * share;
    }
    const BatchShare mine = ShareOf(batch, class_weights_, peers_->rank(), peers_->size());
    share *= mine.share;
    GUICHET_ASSIGN_OR_RETURN(const at::Tensor loss, Loss(mine.batch));
    const at::Tensor scaled = loss.mul(share * peers_->size());
    if (last) reducer_->Announce(scaled);
    scaled.backward();
    return loss.item<double>() * share;
  }

  absl::StatusOr<StepResult> Update(std::span<const TrainingBatch> micro_batches) {
    StepResult result{.learning_rate = schedule_.At(step_)};
    // A stream of its own for each update and process: nothing of it need be saved.
    if (peers_ != nullptr) {
      const std::uint64_t place =
          MixBits(static_cast<std::uint64_t>(step_)) + static_cast<std::uint64_t>(peers_->rank());
      dropout_ = DropoutSource(network_->device(), MixBits(plan_.seed ^ place));
    }
    optimizer_.ClearGradients();
    const double share = 1.0 / static_cast<double>(micro_batches.size());
    for (const TrainingBatch& batch : micro_batches) {
      GUICHET_ASSIGN_OR_RETURN(const double loss,
                               Learn(batch, share, &batch == &micro_batches.back()));
      result.loss += loss;
    }
    if (peers_ != nullptr) {
      auto sum = static_cast<float>(result.loss);
      GUICHET_RETURN_IF_ERROR(peers_->Sum(std::span(&sum, 1)));
      result.loss = sum;
    }
    GUICHET_RETURN_IF_ERROR(FinishUpdate(plan_, step_, optimizer_, result));
    ++step_;
    FollowUntouchedRows(result.learning_rate);
    return result;
  }

  // What this update did to the rows of the word matrices that are not in the session.
  void FollowUntouchedRows(double learning_rate) {
    if (plan_.mode.kind == TrainedPart::Kind::kFull && !plan_.freeze_embeddings) {
      untouched_ *= 1.0 - learning_rate * table_rate_ * plan_.weight_decay;
    }
    if (!average_.has_value()) return;
    average_->Update();
    const double decay = average_->last_decay();
    average_untouched_ = decay * average_untouched_ + (1.0 - decay) * untouched_;
  }

  // Evaluation and export see the average; updates see the weights themselves.
  void UseAverage(bool use) {
    if (!average_.has_value() || averaged_ == use) return;
    average_->Swap();
    averaged_ = use;
  }

  const TorchSettings settings_;
  const TrainingPlan plan_;
  ProcessGroup* const peers_;
  const std::vector<float> class_weights_;
  const ModelWeights original_;
  const ActiveVocabulary vocabulary_;
  const std::unique_ptr<ClassifierNetwork> network_;
  const std::string device_name_;
  const OptimizerSchedule schedule_;
  const std::vector<ParameterGroup> groups_;
  AdamW optimizer_;
  DropoutSource dropout_;
  const ForwardMode training_mode_;
  const bool bf16_;
  const double table_rate_;  // of the learning rate, for the tables of words
  LossOptions loss_;
  std::optional<WeightAverage> average_;
  std::optional<GradientReducer> reducer_;
  bool averaged_ = false;
  int step_ = 0;
  double untouched_ = 1.0;
  double average_untouched_ = 1.0;
};

absl::Status CheckFit(const BartConfig& config, const TrainingPlan& plan,
                      const SessionOptions& options) {
  GUICHET_RETURN_IF_ERROR(plan.Validate());
  const std::size_t weights = options.class_weights.size();
  if (weights != 0 && weights != config.labels.size()) {
    return absl::InvalidArgumentError(absl::StrCat(weights, " class weights for ",
                                                   config.labels.size(), " labels; give one each"));
  }
  if (options.peers != nullptr && plan.r_drop > 0 && weights != 0) {
    return absl::InvalidArgumentError(
        "r_drop with class_weights is not offered for several processes; use sampling balanced");
  }
  return absl::OkStatus();
}

// Each process of a machine takes a GPU of its own.
absl::StatusOr<at::Device> DeviceOf(const TrainingPlan& plan, const ProcessGroup* peers) {
  if (peers == nullptr || plan.device == "cpu") return ChooseDevice(plan.device);
  if (plan.device.starts_with("cuda:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("device is ", plan.device,
                     " for several processes, which take a GPU each; set device to cuda or auto"));
  }
  const bool reached = ProcessGroup::ReachesGpus();
  if (plan.device == "cuda" && HasCuda() && !reached) {
    return absl::FailedPreconditionError(
        "several processes reach each other's GPUs by NCCL, whose headers this was built without; "
        "set device to cpu");
  }
  if (plan.device == "auto" && !reached) return ChooseDevice("cpu");
  return ChooseDevice(absl::StrCat("cuda:", peers->local_rank()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingSession>> TrainingSession::Create(
    const BartConfig& config, const ModelWeights* base, const TrainingPlan& plan,
    const SessionOptions& options) {
  GUICHET_RETURN_IF_ERROR(CheckFit(config, plan, options));
  GUICHET_ASSIGN_OR_RETURN(const at::Device device, DeviceOf(plan, options.peers));
  const BartConfig dropped = WithDropouts(config, plan);
  const ActiveVocabulary vocabulary = options.tokens.empty()
                                          ? ActiveVocabulary(dropped)
                                          : ActiveVocabulary(dropped, options.tokens);
  ModelWeights original;
  if (base != nullptr) {
    original = *base;
  } else {
    GUICHET_ASSIGN_OR_RETURN(const SequenceClassifier made,
                             SequenceClassifier::Initialise(config, plan.seed));
    original = made.Export();
  }
  GUICHET_ASSIGN_OR_RETURN(const ModelWeights gathered, vocabulary.Gather(original));
  GUICHET_ASSIGN_OR_RETURN(auto network,
                           ClassifierNetwork::Create(
                               vocabulary.config(), &gathered.tensors,
                               {.seed = plan.seed, .device = device, .low_rank = LowRankOf(plan)}));
  return std::make_unique<LibtorchSession>(
      LibtorchSession::Parts{plan, options, std::move(original), vocabulary, std::move(network)});
}

absl::StatusOr<TrainingDevice> FindTrainingDevice(const TrainingPlan& plan,
                                                  const ProcessGroup* peers) {
  GUICHET_ASSIGN_OR_RETURN(const at::Device device, DeviceOf(plan, peers));
  return TrainingDevice{.is_cpu = device.is_cpu(), .free_bytes = FreeDeviceMemory(device)};
}

}  // namespace guichet
