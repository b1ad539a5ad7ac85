#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/network/bart_config.h"

namespace guichet {

// fp32 tensors in memory under their full names: what a network exports and training changes.
// Becomes a Checkpoint, so that everything that reads weights from files reads these as well.
class OwnedTensors final : public Checkpoint {
 public:
  // `shape` must hold values.size() elements. A second tensor of the same name replaces the first.
  void Add(const std::string& name, std::vector<std::int64_t> shape, std::vector<float> values);

  const TensorMap& tensors() const override { return views_; }

 private:
  std::map<std::string, std::vector<float>> values_;
  TensorMap views_;
};

// The tensors as the weights of a model of this configuration; has_* follow from the names.
ModelWeights ToModelWeights(std::shared_ptr<const OwnedTensors> tensors);

// A tensor as fp32, whatever floating-point type it is stored in; INVALID_ARGUMENT for other types.
absl::StatusOr<std::vector<float>> ReadFloats(const TensorView& view);

// SHA-256 over names, shapes and fp32 values in the order of the names: equal weights have equal
// hashes. INVALID_ARGUMENT for tensors that are not floating-point.
absl::StatusOr<std::string> HashWeights(const TensorMap& tensors);

}  // namespace guichet
