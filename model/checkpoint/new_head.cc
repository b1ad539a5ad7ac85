#include "model/checkpoint/new_head.h"

#include <cmath>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/checkpoint/expected_tensors.h"

namespace guichet {
namespace {

class Head : public Checkpoint {
 public:
  Head(const BartConfig& config, std::uint64_t seed) {
    Random random(seed);
    for (const ExpectedTensor& expected : ClassificationHeadTensors(config)) {
      size_t count = 1;
      for (const std::int64_t size : expected.shape) count *= static_cast<size_t>(size);
      std::vector<float>& values = values_[expected.name];
      values.assign(count, 0.0F);
      if (expected.name.ends_with(".weight")) {
        for (float& value : values) value = static_cast<float>(config.init_std * Normal(random));
      }
      tensors_[expected.name] = {DType::kF32, expected.shape, std::as_bytes(std::span(values))};
    }
  }
  const TensorMap& tensors() const override { return tensors_; }

 private:
  // Box and Muller (1958). std::normal_distribution differs between standard libraries.
  static double Normal(Random& random) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random.Uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * random.Uniform());
  }

  std::map<std::string, std::vector<float>> values_;
  TensorMap tensors_;
};

}  // namespace

std::shared_ptr<const Checkpoint> NewClassificationHead(const BartConfig& config,
                                                        std::uint64_t seed) {
  return std::make_shared<Head>(config, seed);
}

}  // namespace guichet
