#include "model/training/memory_estimate.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/free_memory.h"
#include "model/checkpoint/expected_tensors.h"
#include "model/training/parameter_role.h"

namespace guichet {
namespace {

constexpr std::int64_t kFloat = sizeof(float);

struct ParameterCounts {
  std::int64_t all = 0;
  std::int64_t trained = 0;
};

std::vector<ExpectedTensor> TensorsOf(const BartConfig& config) {
  std::vector<ExpectedTensor> tensors = EncoderTensors(config);
  const auto add = [&](const std::vector<ExpectedTensor>& more) {
    tensors.insert(tensors.end(), more.begin(), more.end());
  };
  add(ClassificationHeadTensors(config));
  tensors.push_back(WordTensor(kSharedWords, config));
  if (config.head() == HeadKind::kEncoderDecoder) add(DecoderTensors(config));
  if (config.tie_word_embeddings) return tensors;
  tensors.push_back(WordTensor(kEncoderWords, config));
  if (config.head() == HeadKind::kEncoderDecoder) {
    tensors.push_back(WordTensor(kDecoderWords, config));
  }
  return tensors;
}

ParameterCounts Count(const BartConfig& config, const TrainingPlan& plan) {
  ParameterCounts counts;
  for (const ExpectedTensor& tensor : TensorsOf(config)) {
    std::int64_t size = 1;
    for (const std::int64_t side : tensor.shape) size *= side;
    counts.all += size;
    if (RoleOf(tensor.name, config, plan).trained) counts.trained += size;
  }
  if (plan.mode.kind != TrainedPart::Kind::kLora) return counts;
  const int decoder = config.head() == HeadKind::kEncoderDecoder ? config.decoder_layers : 0;
  constexpr std::int64_t kAdaptersOfAttention = 2;  // beside query and value
  constexpr std::int64_t kMatrices = 2;
  const std::int64_t attentions = config.encoder_layers + std::int64_t{2} * decoder;
  const std::int64_t adapters =
      attentions * kAdaptersOfAttention * kMatrices * config.d_model * plan.lora_rank;
  return {.all = counts.all + adapters, .trained = counts.trained + adapters};
}

// What one layer keeps of a token until its backward pass: the results of its products, norms,
// masks and sums; with dropout in the attention also the scores of each head.
std::int64_t FloatsOfToken(const BartConfig& config, const TrainingPlan& plan, bool decoder,
                           std::int64_t longest) {
  const std::int64_t ffn = decoder ? config.decoder_ffn_dim : config.encoder_ffn_dim;
  const std::int64_t heads =
      decoder ? config.decoder_attention_heads : config.encoder_attention_heads;
  const std::int64_t attentions = decoder ? 2 : 1;
  const double inner = plan.activation_dropout.value_or(config.activation_dropout);
  const double scores = plan.attention_dropout.value_or(config.attention_dropout);
  std::int64_t floats = config.d_model * (6 + 12 * attentions) + ffn * (inner > 0 ? 4 : 2);
  if (scores > 0) floats += attentions * heads * longest * 4;
  if (plan.mode.kind == TrainedPart::Kind::kLora) floats += attentions * config.d_model * 2;
  return floats;
}

std::int64_t Activations(const BartConfig& config, const TrainingPlan& plan,
                         const MemoryLoad& load) {
  const bool decoder = config.head() == HeadKind::kEncoderDecoder;
  const std::int64_t encoder_token = FloatsOfToken(config, plan, false, load.longest);
  const std::int64_t decoder_token = decoder ? FloatsOfToken(config, plan, true, load.longest) : 0;
  // A layer in which nothing learns, with nothing that learns below, is not kept.
  std::int64_t encoder_layers = config.encoder_layers;
  std::int64_t decoder_layers = decoder ? config.decoder_layers : 0;
  if (plan.mode.kind == TrainedPart::Kind::kHead) {
    encoder_layers = 1;
    decoder_layers = 0;
  } else if (plan.mode.kind == TrainedPart::Kind::kLastLayers) {
    const std::int64_t kept = plan.mode.layers;
    encoder_layers = std::clamp<std::int64_t>(kept - decoder_layers, 0, encoder_layers);
    decoder_layers = std::min(decoder_layers, kept);
  }
  const std::int64_t passes = plan.r_drop > 0 ? 2 : 1;
  const std::int64_t kept = encoder_layers * encoder_token + decoder_layers * decoder_token;
  const std::int64_t at_work = std::max(encoder_token, decoder_token);
  return kFloat * load.batch_tokens * (passes * kept + at_work);
}

bool TrainsLittle(const TrainingPlan& plan) {
  return plan.mode.kind == TrainedPart::Kind::kLora || plan.mode.kind == TrainedPart::Kind::kHead;
}

}  // namespace

MemoryEstimate EstimateMemory(const BartConfig& config, const TrainingPlan& plan,
                              const MemoryLoad& load) {
  BartConfig held = config;
  held.vocab_size = static_cast<int>(load.words);
  const ParameterCounts session = Count(held, plan);
  const std::int64_t whole = Count(config, plan).all;
  MemoryEstimate estimate;
  estimate.trained_parameters = session.trained;
  estimate.weights = kFloat * session.all;
  const std::int64_t average = plan.ema_decay > 0 ? 1 : 0;
  estimate.learning = kFloat * session.trained * (3 + average);
  estimate.activations = Activations(config, plan, load);
  // The best weights so far, their successor, and the parts it is put together from; or a
  // checkpoint beside the best weights.
  const std::int64_t exporting = 2 * whole + session.all;
  const std::int64_t saving = whole + session.trained * (3 + average);
  const std::int64_t first = load.from_scratch ? whole : 0;
  estimate.copies = kFloat * (first + std::max(exporting, load.checkpoints ? saving : 0));
  return estimate;
}

absl::Status CheckMemory(const MemoryEstimate& estimate, const TrainingPlan& plan,
                         std::int64_t free_bytes) {
  if (estimate.Total() <= free_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "training needs about {} (weights {}, what learning keeps {}, activations {}, copies {}) and "
      "{} is free: {}use a smaller batch_size with more accumulate, or fewer max_tokens",
      ShowBytes(estimate.Total()), ShowBytes(estimate.weights), ShowBytes(estimate.learning),
      ShowBytes(estimate.activations), ShowBytes(estimate.copies), ShowBytes(free_bytes),
      TrainsLittle(plan) ? "" : "use mode lora or head, or "));
}

absl::Status CheckDeviceMemory(const MemoryEstimate& estimate, const TrainingPlan& plan,
                               std::int64_t free_bytes) {
  const std::int64_t kept = estimate.weights + estimate.learning;
  if (kept <= free_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "training keeps {} on the GPU (weights {}, what learning keeps {}), activations not counted, "
      "and {} is free there: {}",
      ShowBytes(kept), ShowBytes(estimate.weights), ShowBytes(estimate.learning),
      ShowBytes(free_bytes),
      TrainsLittle(plan) ? "free some of it, or set device to cpu"
                         : "use mode lora or head, or set device to cpu"));
}

}  // namespace guichet
