#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/inference/device_options.h"
#include "model/inference/prepared_linear.h"
#include "model/network/bart_config.h"

namespace guichet {

// The weights of a classifier or a generator laid out for serving: on the device, in the run's
// type, projections that read the same input fused into one matrix. Owns copies, so the files may
// go. Immutable: safe to share between threads.

struct PreparedNorm {
  at::Tensor weight;  // [d]
  at::Tensor bias;    // [d]
};

struct PreparedEncoderLayer {
  PreparedNorm attention_norm;
  PreparedLinear query_key_value;  // [3d, d]
  PreparedLinear attention_output;
  PreparedNorm final_norm;
  PreparedLinear fc1;
  PreparedLinear fc2;
};

struct PreparedDecoderLayer {
  PreparedNorm attention_norm;
  PreparedLinear
      query;  // [d, d]; apart from the keys, as the last layer asks for one position only
  PreparedLinear key_value;  // [2d, d]
  PreparedLinear attention_output;
  PreparedNorm cross_norm;
  PreparedLinear cross_query;
  PreparedLinear cross_key_value;  // [2d, d], reads the encoder's output
  PreparedLinear cross_output;
  PreparedNorm final_norm;
  PreparedLinear fc1;
  PreparedLinear fc2;
};

struct PreparedStack {
  at::Tensor words;      // [vocab, d], times sqrt(d) where the configuration says so
  at::Tensor positions;  // [max_positions + 2, d]
  PreparedNorm embedding_norm;
  PreparedNorm final_norm;
};

struct PreparedWeights {
  PreparedStack encoder;
  std::vector<PreparedEncoderLayer> encoder_layers;
  std::optional<PreparedStack> decoder;  // shares `words` with the encoder when tied
  std::vector<PreparedDecoderLayer> decoder_layers;
  PreparedLinear head_dense;  // of a classifier
  PreparedLinear head_output;
  PreparedLinear language_head;  // of a generator: [vocab, d], shares `words` when tied
  std::size_t bytes = 0;         // on the device
};

struct RunOptions {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;  // of activations and, unless quantised, of weights
  bool int8 = false;  // linear layers of the two stacks in int8 with dynamic activations (cpu)
};

// INVALID_ARGUMENT: an unknown device or dtype, or two that do not go together;
// FAILED_PRECONDITION: no such device here.
absl::StatusOr<RunOptions> ChooseRun(const DeviceOptions& options);
std::string_view NameOfType(const RunOptions& options);  // "fp32", "bf16", "int8"

// The first line of a c10 exception: the rest is a stack trace.
std::string FirstLineOf(const std::exception& error);

// Builds the serving weights of a classifier; the decoder only for HeadKind::kEncoderDecoder. The
// head stays in fp32 on every device.
absl::StatusOr<PreparedWeights> PrepareWeights(const ModelWeights& weights,
                                               const BartConfig& config, HeadKind head,
                                               const RunOptions& options);

// Builds those of a generator. The head is in the run's type, as in Hugging Face, never in int8.
// Without one among the weights it is the tied word matrix with a bias of zero. INVALID_ARGUMENT:
// there is no decoder, or a classifier's head in place of a language model's.
absl::StatusOr<PreparedWeights> PrepareGenerator(const ModelWeights& weights,
                                                 const BartConfig& config,
                                                 const RunOptions& options);

}  // namespace guichet
