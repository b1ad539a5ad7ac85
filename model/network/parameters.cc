#include "model/network/parameters.h"

#include <cmath>
#include <span>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/random.h"
#include "model/checkpoint/convert.h"

namespace guichet {
namespace {

// FNV-1a: the same on every platform, unlike std::hash.
std::uint64_t HashOf(const std::string& text) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

std::string ShapeText(const std::vector<std::int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

bool MayBeNew(std::string_view name) {
  return name.starts_with("classification_head.") || name.ends_with(kLowRankDown) ||
         name.ends_with(kLowRankUp);
}

}  // namespace

at::Tensor ParameterFactory::Make(const std::string& name, const std::vector<std::int64_t>& shape,
                                  Initialisation initialisation) {
  at::Tensor tensor;
  if (weights_ != nullptr && weights_->contains(name)) {
    tensor = Read(name, weights_->at(name), shape);
  } else {
    if (weights_ != nullptr && !MayBeNew(name)) {
      status_.Update(absl::InvalidArgumentError(absl::StrCat(
          "the weights lack ", name, " of shape ", ShapeText(shape),
          "; a checkpoint of this architecture with its encoder (and decoder, unless the config "
          "sets \"pooling\") is needed")));
    }
    tensor = Initialise(name, shape, initialisation);
  }
  tensor = tensor.to(options_.device);
  parameters_.push_back({name, tensor});
  return tensor;
}

at::Tensor ParameterFactory::Read(const std::string& name, const TensorView& view,
                                  const std::vector<std::int64_t>& shape) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  if (view.shape != shape) {
    status_.Update(absl::InvalidArgumentError(
        absl::StrCat(name, " has shape ", ShapeText(view.shape), ", expected ", ShapeText(shape))));
    return tensor.zero_();
  }
  const std::span<float> out(tensor.mutable_data_ptr<float>(),
                             static_cast<std::size_t>(tensor.numel()));
  status_.Update(ConvertToFloat32(view, out));
  return tensor;
}

at::Tensor ParameterFactory::Initialise(const std::string& name,
                                        const std::vector<std::int64_t>& shape,
                                        Initialisation initialisation) const {
  if (initialisation == Initialisation::kZeros) return at::zeros(shape, at::kFloat);
  if (initialisation == Initialisation::kOnes) return at::ones(shape, at::kFloat);
  const at::Generator stream =
      at::detail::createCPUGenerator(MixBits(options_.seed ^ HashOf(name)));
  at::Tensor values = at::empty(shape, at::kFloat);
  if (initialisation == Initialisation::kFanInUniform) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(shape.back()));
    return values.uniform_(-bound, bound, stream);
  }
  return values.normal_(0.0, options_.init_std, stream);
}

}  // namespace guichet
