#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/parameter_names.h"
#include "model/cleaning/text_cleaning_options.h"
#include "model/network/bart_config.h"
#include "model/text/tokenizer.h"

namespace guichet {

// What a training run starts from.
struct BaseModel {
  std::string name;  // for the manifest
  BartConfig config = {};
  std::optional<ModelWeights> weights = std::nullopt;    // unset: from scratch
  std::shared_ptr<const Tokenizer> tokenizer = nullptr;  // cleans as `cleaning` says
  TextCleaningOptions cleaning = {};
};

// The head the run trains.
struct HeadOptions {
  // "auto" keeps the base's own and gives a base without one an encoder head; "encoder";
  // "encoder-decoder".
  std::string kind = "auto";
  std::string pooling = "mean";  // of a new encoder head: mean, first, last-eos, max
};

// A bundle or a Hugging Face folder, for these labels: a base with the very same labels keeps its
// head and their order; of another it keeps what it knows of labels that stay (carry_head.h). Its
// texts are cleaned by `cleaning`, whatever a bundle's manifest says of its own. INVALID_ARGUMENT:
// no tokenizer in it, or a head it cannot have.
absl::StatusOr<BaseModel> OpenBaseModel(const std::filesystem::path& folder,
                                        const HeadOptions& head,
                                        const std::vector<std::string>& labels,
                                        const TextCleaningOptions& cleaning);

// A new model of the shape that a config.json describes. `tokenizer`: a folder or a built-in name.
// INVALID_ARGUMENT: the two disagree about the vocabulary's size.
absl::StatusOr<BaseModel> NewBaseModel(const std::filesystem::path& config_file,
                                       const std::string& tokenizer, const HeadOptions& head,
                                       const std::vector<std::string>& labels,
                                       const TextCleaningOptions& cleaning);

}  // namespace guichet
