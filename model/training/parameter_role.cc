#include "model/training/parameter_role.h"

#include <algorithm>
#include <charconv>

namespace guichet {
namespace {

// Whether a body parameter belongs to the last `layers` layers of a stack of `depth` layers, or to
// the LayerNorm after them.
bool InLastLayers(std::string_view name, std::string_view stack, int depth, int layers) {
  if (layers <= 0 || !name.starts_with(stack)) return false;
  name.remove_prefix(stack.size());
  if (name.starts_with("layer_norm.")) return true;
  constexpr std::string_view kLayers = "layers.";
  if (!name.starts_with(kLayers)) return false;
  name.remove_prefix(kLayers.size());
  int layer = -1;
  const auto result = std::from_chars(name.data(), name.data() + name.size(), layer);
  return result.ec == std::errc() && layer >= depth - layers;
}

bool Trained(std::string_view name, const BartConfig& config, const TrainedPart& part) {
  switch (part.kind) {
    case TrainedPart::Kind::kFull:
      return true;
    case TrainedPart::Kind::kHead:
      return false;
    case TrainedPart::Kind::kLastLayers:
      break;
  }
  if (config.head() == HeadKind::kEncoder) {
    return InLastLayers(name, "model.encoder.", config.encoder_layers, part.layers);
  }
  const int below = part.layers - config.decoder_layers;
  return InLastLayers(name, "model.decoder.", config.decoder_layers, part.layers) ||
         InLastLayers(name, "model.encoder.", config.encoder_layers, below);
}

}  // namespace

ParameterRole RoleOf(std::string_view name, const BartConfig& config, const TrainedPart& part) {
  ParameterRole role;
  role.head = name.starts_with("classification_head.");
  role.trained = role.head || Trained(name, config, part);
  role.decays = !name.ends_with("bias") && name.find("layer_norm") == std::string_view::npos &&
                name.find("layernorm_embedding") == std::string_view::npos;
  return role;
}

}  // namespace guichet
