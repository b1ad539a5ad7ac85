#pragma once

#include <filesystem>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/generation/generation_options.h"
#include "model/network/bart_config.h"

namespace guichet {

// The defaults of a model folder as Hugging Face finds them (transformers 4.57): those of its
// generation_config.json, or, only where there is no such file, the generation fields among those
// of config.json; Hugging Face's own where they are silent. Unlike Hugging Face, which fails
// there, a generation_config.json without the ids of </s> and of the start token leaves them to
// config.json. INVALID_ARGUMENT names the file, the key, its value and what is accepted.
absl::StatusOr<GenerationOptions> ReadGenerationOptions(const std::filesystem::path& folder,
                                                        const BartConfig& config);

// The same from the texts of the files; `generation_json` is empty where there is no such file.
absl::StatusOr<GenerationOptions> ParseGenerationOptions(std::string_view generation_json,
                                                         const BartConfig& config);

}  // namespace guichet
