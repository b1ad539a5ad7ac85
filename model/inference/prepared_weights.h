#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/inference/prepared_linear.h"
#include "model/network/bart_config.h"

namespace guichet {

// The weights of a classifier laid out for serving: on the device, in the run's type, projections
// that read the same input fused into one matrix. Owns copies, so the files may go. Immutable: safe
// to share between threads.

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
  PreparedLinear head_dense;
  PreparedLinear head_output;
  std::size_t bytes = 0;  // on the device
};

struct RunOptions {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;  // of activations and, unless quantised, of weights
  bool int8 = false;  // linear layers of the two stacks in int8 with dynamic activations (cpu)
};

// Builds the serving weights; the decoder only for HeadKind::kEncoderDecoder. The head stays in
// fp32 on every device.
absl::StatusOr<PreparedWeights> PrepareWeights(const ModelWeights& weights,
                                               const BartConfig& config, HeadKind head,
                                               const RunOptions& options);

}  // namespace guichet
