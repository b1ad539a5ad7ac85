#pragma once

#include <cstdint>
#include <string>
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

// How a parameter starts when it is not read: MBart's _init_weights.
enum class Initialisation { kNormal, kZeros, kOnes };

struct ParameterOptions {
  double init_std = 0.02;  // of kNormal
  std::uint64_t seed = 0;  // of kNormal; each parameter draws from its own stream, so that adding
                           // one changes no other
  at::Device device = at::kCPU;
};

// Makes the parameters of a network under construction, from weights or from a seed, and remembers
// them in order. Modules ask for each of their tensors once; the first error is kept for status().
// Not thread-safe; lives as long as the construction.
class ParameterFactory {
 public:
  // With `weights` null everything is initialised; else only the classification head may be absent.
  ParameterFactory(const TensorMap* weights, const ParameterOptions& options)
      : weights_(weights), options_(options) {}

  at::Tensor Make(const std::string& name, const std::vector<std::int64_t>& shape,
                  Initialisation initialisation);

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
