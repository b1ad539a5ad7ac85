#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/bundle/model_bundle.h"
#include "model/checkpoint/checkpoint.h"

// The layout of a bundle's folder. Private to model/bundle.

namespace guichet {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kWeightsFile = "model.safetensors";
inline constexpr const char* kReportFile = "report.json";
inline constexpr const char* kReportPage = "report.html";  // not in every bundle
inline constexpr const char* kNoTokenizer = "none";

// A name of 1 to 255 bytes that stays in its folder: no separator, no leading dot, no control
// character.
absl::Status CheckFileName(std::string_view name);

// The tensors as the weights file names them. Encoder and decoder: Hugging Face's names, which
// transformers loads back. Encoder only: without the prefix "model.", words as
// encoder.embed_tokens.weight.
TensorMap StoredTensors(const TensorMap& weights, HeadKind head);

}  // namespace guichet
