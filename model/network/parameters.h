#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"
#include "model/checkpoint/checkpoint.h"

namespace guichet {

// A trainable tensor and its name in Hugging Face's state_dict.
struct NamedParameter {
  std::string name;
  at::Tensor tensor;
};

// How a parameter starts when it is not read: MBart's _init_weights; for adapters, as peft does,
// uniform within ±1/√inputs.
enum class Initialisation { kNormal, kZeros, kOnes, kFanInUniform };

// Low-rank adapters beside the query and value projections of every attention; rank 0: none.
struct LowRankOptions {
  int rank = 0;
  double alpha = 16;  // the adapter's output is multiplied by alpha / rank

  double Scale() const { return rank == 0 ? 0.0 : alpha / rank; }
};

// What follows a projection's name in the names of its adapter's two matrices, as in peft.
inline constexpr std::string_view kLowRankDown = ".lora_A.weight";
inline constexpr std::string_view kLowRankUp = ".lora_B.weight";

struct ParameterOptions {
  double init_std = 0.02;  // of kNormal
  std::uint64_t seed = 0;  // of kNormal; each parameter draws from its own stream, so that adding
                           // one changes no other
  at::Device device = at::kCPU;
  LowRankOptions low_rank = {};
};

// Makes the parameters of a network under construction, from weights or from a seed, and remembers
// them in order. Modules ask for each of their tensors once; the first error is kept for status().
// Not thread-safe; lives as long as the construction.
class ParameterFactory {
 public:
  // With `weights` null everything is initialised; else only the classification head and adapters
  // may be absent.
  ParameterFactory(const TensorMap* weights, const ParameterOptions& options)
      : weights_(weights), options_(options) {}

  at::Tensor Make(const std::string& name, const std::vector<std::int64_t>& shape,
                  Initialisation initialisation);

  const LowRankOptions& low_rank() const { return options_.low_rank; }
  const absl::Status& status() const { return status_; }
  const std::vector<NamedParameter>& parameters() const { return parameters_; }

 private:
  at::Tensor Read(const std::string& name, const TensorView& view,
                  const std::vector<std::int64_t>& shape);
  at::Tensor Initialise(const std::string& name, const std::vector<std::int64_t>& shape,
                        Initialisation initialisation) const;

  const TensorMap* weights_;
  const ParameterOptions options_;
  std::vector<NamedParameter> parameters_;
  absl::Status status_;
};

}  // namespace guichet
