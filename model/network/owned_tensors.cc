#include "model/network/owned_tensors.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/checkpoint/convert.h"

namespace guichet {

void OwnedTensors::Add(const std::string& name, std::vector<std::int64_t> shape,
                       std::vector<float> values) {
  std::vector<float>& stored = values_[name];
  stored = std::move(values);
  views_[name] = TensorView{
      .dtype = DType::kF32, .shape = std::move(shape), .data = std::as_bytes(std::span(stored))};
}

ModelWeights ToModelWeights(std::shared_ptr<const OwnedTensors> tensors) {
  ModelWeights weights;
  weights.tensors = tensors->tensors();
  weights.has_decoder = weights.tensors.contains("model.decoder.layer_norm.weight");
  weights.has_classification_head = weights.tensors.contains("classification_head.out_proj.weight");
  weights.has_lm_head = weights.tensors.contains("lm_head.weight");
  weights.storage = std::move(tensors);
  return weights;
}

absl::StatusOr<std::vector<float>> ReadFloats(const TensorView& view) {
  std::size_t count = 1;
  for (const std::int64_t size : view.shape) count *= static_cast<std::size_t>(size);
  std::vector<float> values(count);
  GUICHET_RETURN_IF_ERROR(ConvertToFloat32(view, std::span(values)));
  return values;
}

absl::StatusOr<std::string> HashWeights(const TensorMap& tensors) {
  Sha256 hash;
  for (const auto& [name, view] : tensors) {
    hash.Update(absl::StrCat(name, " [", absl::StrJoin(view.shape, ","), "]\n"));
    GUICHET_ASSIGN_OR_RETURN(const std::vector<float> values, ReadFloats(view));
    hash.Update(std::as_bytes(std::span(values)));
  }
  return hash.HexDigest();
}

}  // namespace guichet
