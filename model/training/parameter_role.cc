#include "model/training/parameter_role.h"

#include <charconv>
#include <optional>

namespace guichet {
namespace {

// Where a parameter of a stack stands: 0 is the stack's top layer or the LayerNorm after it;
// nothing for its tables.
std::optional<int> DepthIn(std::string_view name, std::string_view stack, int layers) {
  if (!name.starts_with(stack)) return std::nullopt;
  name.remove_prefix(stack.size());
  if (name.starts_with("layer_norm.")) return 0;
  constexpr std::string_view kLayers = "layers.";
  if (!name.starts_with(kLayers)) return std::nullopt;
  name.remove_prefix(kLayers.size());
  int layer = 0;
  const auto result = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (result.ec != std::errc()) return std::nullopt;
  return layers - 1 - layer;
}

// The depth below the head, over both stacks; the number of all layers for the tables.
int DepthOf(std::string_view name, const BartConfig& config) {
  const int above = config.head() == HeadKind::kEncoderDecoder ? config.decoder_layers : 0;
  if (const auto depth = DepthIn(name, "model.decoder.", config.decoder_layers)) return *depth;
  if (const auto depth = DepthIn(name, "model.encoder.", config.encoder_layers)) {
    return above + *depth;
  }
  return above + config.encoder_layers;
}

bool IsTable(std::string_view name) {
  return name.find("embed_") != std::string_view::npos || name == "model.shared.weight" ||
         name.find("layernorm_embedding") != std::string_view::npos;
}

bool Trained(std::string_view name, int depth, const TrainingPlan& plan) {
  switch (plan.mode.kind) {
    case TrainedPart::Kind::kFull:
      return !plan.freeze_embeddings || !IsTable(name);
    case TrainedPart::Kind::kHead:
      return false;
    case TrainedPart::Kind::kLastLayers:
      return !IsTable(name) && depth < plan.mode.layers;
    case TrainedPart::Kind::kLora:
      return name.find(".lora_") != std::string_view::npos;
  }
  return false;
}

}  // namespace

ParameterRole RoleOf(std::string_view name, const BartConfig& config, const TrainingPlan& plan) {
  ParameterRole role;
  role.head = name.starts_with("classification_head.");
  role.depth = role.head ? 0 : DepthOf(name, config);
  role.trained = role.head || Trained(name, role.depth, plan);
  role.decays = !name.ends_with("bias") && name.find("layer_norm") == std::string_view::npos &&
                name.find("layernorm_embedding") == std::string_view::npos;
  return role;
}

}  // namespace guichet
