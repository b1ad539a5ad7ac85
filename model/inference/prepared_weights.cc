#include "model/inference/prepared_weights.h"

#include <cmath>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/checkpoint/convert.h"
#include "model/network/device.h"

namespace guichet {
namespace {

// Copies named tensors onto the device.
class Preparer {
 public:
  Preparer(const ModelWeights& weights, const RunOptions& options, std::size_t& bytes)
      : weights_(weights), options_(options), bytes_(bytes) {}

  // fp32 on the CPU. The names were resolved and the shapes checked by ResolveParameterNames.
  at::Tensor Load(const std::string& name) const {
    const TensorView& view = weights_.tensors.at(name);
    at::Tensor tensor = at::empty(view.shape, at::kFloat);
    const absl::Status status =
        ConvertToFloat32(view, std::span<float>(tensor.mutable_data_ptr<float>(),
                                                static_cast<std::size_t>(tensor.numel())));
    if (!status.ok())
      throw std::runtime_error(absl::StrCat(name, ": ", std::string(status.message())));
    return tensor;
  }

  at::Tensor Place(const at::Tensor& tensor) {
    at::Tensor placed = tensor.to(options_.device, options_.type);
    bytes_ += placed.nbytes();
    return placed;
  }

  PreparedNorm Norm(const std::string& prefix) {
    return {.weight = Place(Load(prefix + ".weight")), .bias = Place(Load(prefix + ".bias"))};
  }

  // The layers of `names`, stacked along their outputs.
  PreparedLinear Linear(const std::string& prefix, const std::vector<std::string>& names) {
    std::vector<at::Tensor> weights;
    std::vector<at::Tensor> biases;
    for (const std::string& name : names) {
      weights.push_back(Load(absl::StrCat(prefix, name, ".weight")));
      biases.push_back(Load(absl::StrCat(prefix, name, ".bias")));
    }
    const at::Tensor weight = names.size() == 1 ? weights[0] : at::cat(weights, 0);
    const at::Tensor bias = names.size() == 1 ? biases[0] : at::cat(biases, 0);
    PreparedLinear linear = options_.int8
                                ? PreparedLinear::Int8(weight, bias)
                                : PreparedLinear::Plain(weight.to(options_.device, options_.type),
                                                        bias.to(options_.device, options_.type));
    bytes_ += linear.bytes();
    return linear;
  }

 private:
  const ModelWeights& weights_;
  const RunOptions options_;
  std::size_t& bytes_;
};

PreparedStack PrepareStack(Preparer& prepare, const std::string& prefix, at::Tensor words) {
  return {.words = std::move(words),
          .positions = prepare.Place(prepare.Load(prefix + "embed_positions.weight")),
          .embedding_norm = prepare.Norm(prefix + "layernorm_embedding"),
          .final_norm = prepare.Norm(prefix + "layer_norm")};
}

PreparedEncoderLayer PrepareEncoderLayer(Preparer& prepare, const std::string& prefix) {
  return {.attention_norm = prepare.Norm(prefix + "self_attn_layer_norm"),
          .query_key_value = prepare.Linear(prefix + "self_attn.", {"q_proj", "k_proj", "v_proj"}),
          .attention_output = prepare.Linear(prefix + "self_attn.", {"out_proj"}),
          .final_norm = prepare.Norm(prefix + "final_layer_norm"),
          .fc1 = prepare.Linear(prefix, {"fc1"}),
          .fc2 = prepare.Linear(prefix, {"fc2"})};
}

PreparedDecoderLayer PrepareDecoderLayer(Preparer& prepare, const std::string& prefix) {
  return {.attention_norm = prepare.Norm(prefix + "self_attn_layer_norm"),
          .query = prepare.Linear(prefix + "self_attn.", {"q_proj"}),
          .key_value = prepare.Linear(prefix + "self_attn.", {"k_proj", "v_proj"}),
          .attention_output = prepare.Linear(prefix + "self_attn.", {"out_proj"}),
          .cross_norm = prepare.Norm(prefix + "encoder_attn_layer_norm"),
          .cross_query = prepare.Linear(prefix + "encoder_attn.", {"q_proj"}),
          .cross_key_value = prepare.Linear(prefix + "encoder_attn.", {"k_proj", "v_proj"}),
          .cross_output = prepare.Linear(prefix + "encoder_attn.", {"out_proj"}),
          .final_norm = prepare.Norm(prefix + "final_layer_norm"),
          .fc1 = prepare.Linear(prefix, {"fc1"}),
          .fc2 = prepare.Linear(prefix, {"fc2"})};
}

// The word matrix of a stack: its own when the matrices are not tied, else the shared one.
std::string WordsName(const ModelWeights& weights, const std::string& stack) {
  const std::string own = absl::StrCat("model.", stack, ".embed_tokens.weight");
  return weights.tensors.contains(own) ? own : "model.shared.weight";
}

at::Tensor PrepareWords(Preparer& prepare, const std::string& name, const BartConfig& config) {
  at::Tensor words = prepare.Load(name);
  if (config.scale_embedding) words.mul_(std::sqrt(static_cast<double>(config.d_model)));
  return prepare.Place(words);
}

void PrepareEncoder(Preparer& prepare, const ModelWeights& weights, const BartConfig& config,
                    PreparedWeights& prepared) {
  const std::string words = WordsName(weights, "encoder");
  prepared.encoder = PrepareStack(prepare, "model.encoder.", PrepareWords(prepare, words, config));
  for (int i = 0; i < config.encoder_layers; ++i) {
    prepared.encoder_layers.push_back(
        PrepareEncoderLayer(prepare, absl::StrCat("model.encoder.layers.", i, ".")));
  }
}

void PrepareDecoder(Preparer& prepare, const ModelWeights& weights, const BartConfig& config,
                    PreparedWeights& prepared) {
  const std::string words = WordsName(weights, "decoder");
  const bool tied = words == WordsName(weights, "encoder");
  prepared.decoder =
      PrepareStack(prepare, "model.decoder.",
                   tied ? prepared.encoder.words : PrepareWords(prepare, words, config));
  for (int i = 0; i < config.decoder_layers; ++i) {
    prepared.decoder_layers.push_back(
        PrepareDecoderLayer(prepare, absl::StrCat("model.decoder.layers.", i, ".")));
  }
}

// The head reads the words as they are in the file: scaled ones serve the embedding alone.
PreparedLinear PrepareLanguageHead(Preparer& prepare, const ModelWeights& weights,
                                   const BartConfig& config, const PreparedWeights& prepared) {
  const bool shared = config.tie_word_embeddings && !config.scale_embedding;
  const char* name = weights.has_lm_head ? "lm_head.weight" : "model.shared.weight";
  const at::Tensor words = shared ? prepared.encoder.words : prepare.Place(prepare.Load(name));
  const at::Tensor bias = weights.has_lm_head ? prepare.Load("final_logits_bias").flatten()
                                              : at::zeros({config.vocab_size}, at::kFloat);
  return PreparedLinear::Plain(words, prepare.Place(bias));
}

}  // namespace

absl::StatusOr<RunOptions> ChooseRun(const DeviceOptions& options) {
  RunOptions run;
  GUICHET_ASSIGN_OR_RETURN(run.device, ChooseDevice(options.device));
  if (options.dtype == "fp32" || (options.dtype == "auto" && run.device.is_cpu())) return run;
  if (options.dtype == "bf16" || options.dtype == "auto") {
    run.type = at::kBFloat16;
    return run;
  }
  if (options.dtype != "int8") {
    return absl::InvalidArgumentError(
        absl::StrCat("dtype '", options.dtype, "' is not one of auto, fp32, bf16, int8"));
  }
  if (!run.device.is_cpu()) {
    return absl::InvalidArgumentError("dtype int8 runs on the cpu only; use bf16 on cuda");
  }
  run.int8 = true;
  return run;
}

std::string_view NameOfType(const RunOptions& options) {
  if (options.int8) return "int8";
  return options.type == at::kBFloat16 ? "bf16" : "fp32";
}

std::string FirstLineOf(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

absl::StatusOr<PreparedWeights> PrepareWeights(const ModelWeights& weights,
                                               const BartConfig& config, HeadKind head,
                                               const RunOptions& options) {
  if (!weights.has_classification_head) {
    return absl::InvalidArgumentError(
        "the weights hold no classification head; import or train a classifier first");
  }
  PreparedWeights prepared;
  Preparer prepare(weights, options, prepared.bytes);
  PrepareEncoder(prepare, weights, config, prepared);
  if (head == HeadKind::kEncoderDecoder) PrepareDecoder(prepare, weights, config, prepared);
  RunOptions head_options = options;
  head_options.type = at::kFloat;
  head_options.int8 = false;
  Preparer prepare_head(weights, head_options, prepared.bytes);
  prepared.head_dense = prepare_head.Linear("classification_head.", {"dense"});
  prepared.head_output = prepare_head.Linear("classification_head.", {"out_proj"});
  return prepared;
}

absl::StatusOr<PreparedWeights> PrepareGenerator(const ModelWeights& weights,
                                                 const BartConfig& config,
                                                 const RunOptions& options) {
  if (!weights.has_decoder) {
    return absl::InvalidArgumentError(
        "the weights hold no decoder, so this model cannot write; give the folder of a generation "
        "model (MBartForConditionalGeneration)");
  }
  if (!weights.has_lm_head && (weights.has_classification_head || !config.tie_word_embeddings)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the weights hold no language-model head",
                     weights.has_classification_head ? " but a classifier's" : "",
                     "; give the folder of a generation model (MBartForConditionalGeneration)"));
  }
  PreparedWeights prepared;
  Preparer prepare(weights, options, prepared.bytes);
  PrepareEncoder(prepare, weights, config, prepared);
  PrepareDecoder(prepare, weights, config, prepared);
  prepared.language_head = PrepareLanguageHead(prepare, weights, config, prepared);
  return prepared;
}

}  // namespace guichet
