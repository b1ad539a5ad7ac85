#include "model/finetuning/carry_head.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "model/network/owned_tensors.h"

namespace guichet {
namespace {

constexpr const char* kOutputWeight = "classification_head.out_proj.weight";
constexpr const char* kOutputBias = "classification_head.out_proj.bias";

// Another output layer over tensors that live elsewhere.
class CarriedHead final : public Checkpoint {
 public:
  CarriedHead(std::shared_ptr<const Checkpoint> rest, const TensorMap& tensors, OwnedTensors output)
      : rest_(std::move(rest)), output_(std::move(output)), tensors_(tensors) {
    for (const auto& [name, view] : output_.tensors()) tensors_[name] = view;
  }

  const TensorMap& tensors() const override { return tensors_; }

 private:
  const std::shared_ptr<const Checkpoint> rest_;
  const OwnedTensors output_;
  TensorMap tensors_;
};

void DropHead(ModelWeights& weights) {
  std::erase_if(weights.tensors,
                [](const auto& entry) { return entry.first.starts_with("classification_head."); });
  weights.has_classification_head = false;
}

}  // namespace

absl::Status CarryHead(const std::vector<std::string>& own, const std::vector<std::string>& wanted,
                       ModelWeights& weights) {
  const auto row_of = [&](const std::string& label) { return std::ranges::find(own, label); };
  const bool stays = std::ranges::any_of(
      wanted, [&](const std::string& label) { return row_of(label) != own.end(); });
  if (!weights.has_classification_head || !stays) {
    DropHead(weights);
    return absl::OkStatus();
  }
  const TensorView& matrix = weights.tensors.at(kOutputWeight);
  const auto width = static_cast<std::size_t>(matrix.shape.at(1));
  GUICHET_ASSIGN_OR_RETURN(const std::vector<float> old_weight, ReadFloats(matrix));
  GUICHET_ASSIGN_OR_RETURN(const std::vector<float> old_bias,
                           ReadFloats(weights.tensors.at(kOutputBias)));
  std::vector<float> weight(wanted.size() * width, 0.0F);
  std::vector<float> bias(wanted.size(), 0.0F);
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    const auto found = row_of(wanted[row]);
    if (found == own.end()) continue;
    const auto from = static_cast<std::size_t>(found - own.begin());
    std::copy_n(old_weight.begin() + static_cast<std::ptrdiff_t>(from * width), width,
                weight.begin() + static_cast<std::ptrdiff_t>(row * width));
    bias[row] = old_bias[from];
  }
  OwnedTensors output;
  const auto rows = static_cast<std::int64_t>(wanted.size());
  output.Add(kOutputWeight, {rows, static_cast<std::int64_t>(width)}, std::move(weight));
  output.Add(kOutputBias, {rows}, std::move(bias));
  auto carried = std::make_shared<CarriedHead>(weights.storage, weights.tensors, std::move(output));
  weights.tensors = carried->tensors();
  weights.storage = std::move(carried);
  return absl::OkStatus();
}

}  // namespace guichet
