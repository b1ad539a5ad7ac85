#include "model/network/classification_head.h"

#include <limits>
#include <stdexcept>

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>

namespace guichet {

ClassificationHead::ClassificationHead(ParameterFactory& factory, const BartConfig& config)
    : dense(factory, "classification_head.dense", config.d_model, config.d_model),
      output(factory, "classification_head.out_proj", config.d_model, config.num_labels()),
      dropout(config.classifier_dropout) {}

at::Tensor ClassificationHead::Forward(const at::Tensor& pooled, const ForwardMode& mode) const {
  const at::Tensor hidden = dense.Forward(Dropout(pooled, dropout, mode)).tanh();
  return output.Forward(Dropout(hidden, dropout, mode));
}

at::Tensor StatesAt(const at::Tensor& states, const at::Tensor& positions) {
  const at::Tensor index = positions.view({-1, 1, 1}).expand({states.size(0), 1, states.size(2)});
  return states.gather(1, index).squeeze(1);
}

at::Tensor Pool(const at::Tensor& states, Pooling pooling, const PoolingInput& input) {
  switch (pooling) {
    case Pooling::kMean: {
      const at::Tensor weight = input.visible.unsqueeze(2).to(states.scalar_type());
      return (states * weight).sum(1) / weight.sum(1);
    }
    case Pooling::kFirst:
      return states.select(1, 0);
    case Pooling::kLastEos:
      return StatesAt(states, input.last_end);
    case Pooling::kMax: {
      const double lowest = -std::numeric_limits<double>::infinity();
      return at::where(input.visible.unsqueeze(2), states, lowest).amax(1);
    }
  }
  throw std::logic_error("unknown pooling");
}

}  // namespace guichet
