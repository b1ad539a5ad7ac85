#include <cctype>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/bundle/bundle_files.h"
#include "model/bundle/model_bundle.h"
#include "model/checkpoint/new_head.h"
#include "model/text/built_in_tokenizer.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Warnings = std::vector<std::string>;

constexpr const char* kBarthezClass = "BarthezTokenizer";
constexpr int kBarthezVocabulary = 50'002;

std::string FolderName(const fs::path& folder) {
  const fs::path normal = fs::absolute(folder).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

// A folder's name as a model's name.
std::string ModelName(std::string name) {
  for (char& c : name) {
    const bool kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_';
    if (!kept) c = '-';
  }
  return name.empty() || name.front() == '.' ? "model" + name : name;
}

std::string BaseModel(const BartConfig& config, const std::string& folder_name) {
  const json file = ParseStrictJson(config.json).value_or(json::object());
  const auto name = file.find("_name_or_path");
  const bool named = name != file.end() && name->is_string() && !name->get<std::string>().empty();
  return named ? name->get<std::string>() : folder_name;
}

// The checkpoint's configuration with what the options decide differently.
absl::StatusOr<BartConfig> ChooseConfig(const fs::path& folder, const ImportOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(BartConfig config, ReadBartConfig(folder));
  const HeadKind head = options.head.value_or(options.pooling ? HeadKind::kEncoder : config.head());
  if (options.pooling && head != HeadKind::kEncoder) {
    return absl::InvalidArgumentError(
        fmt::format("pooling is \"{}\", but the head is \"encoder-decoder\", which reads the "
                    "decoder's state at "
                    "</s>; ask for head \"encoder\" or leave the pooling out",
                    NameOf(*options.pooling)));
  }
  if (head == HeadKind::kEncoder) {
    config.pooling = options.pooling.value_or(config.pooling.value_or(Pooling::kMean));
  } else {
    config.pooling.reset();
  }
  if (!options.labels.empty()) config.labels = options.labels;
  if (config.labels.size() < 2) {
    return absl::InvalidArgumentError(
        fmt::format("num_labels is {}: a model with one output is a regression, which has no "
                    "categories; import "
                    "a classifier of two labels or more",
                    config.labels.size()));
  }
  GUICHET_RETURN_IF_ERROR(Validate(config));
  return config;
}

absl::StatusOr<std::shared_ptr<const Tokenizer>> ChooseTokenizer(const fs::path& folder,
                                                                 const BartConfig& config,
                                                                 Warnings& warnings) {
  absl::StatusOr<std::shared_ptr<const Tokenizer>> tokenizer = LoadTokenizer(folder);
  if (tokenizer.ok() || !absl::IsNotFound(tokenizer.status())) return tokenizer;
  if (config.tokenizer_class == kBarthezClass && config.vocab_size == kBarthezVocabulary) {
    GUICHET_ASSIGN_OR_RETURN(const fs::path built_in, BuiltInFolder("barthez"));
    warnings.push_back(
        fmt::format("{}: no tokenizer files; BARThez's own are used, as "
                    "tokenizer_class in config.json says",
                    folder.string()));
    return LoadTokenizer(built_in);
  }
  warnings.push_back(fmt::format("{}; the bundle scores token ids only",
                                 std::string(tokenizer.status().message())));
  return nullptr;
}

BundleManifest MakeManifest(const fs::path& folder, const BartConfig& config,
                            const ImportOptions& options, bool new_head) {
  const std::string folder_name = FolderName(folder);
  BundleManifest manifest;
  manifest.name = options.name.empty() ? ModelName(folder_name) : options.name;
  manifest.base_model = BaseModel(config, folder_name);
  manifest.head = config.head();
  manifest.pooling = config.pooling.value_or(Pooling::kMean);
  manifest.labels = config.labels;
  manifest.max_tokens = config.max_position_embeddings;
  json provenance = {{"imported_from", folder_name}};
  if (new_head) provenance["new_head_seed"] = options.seed;
  manifest.provenance_json = provenance.dump(-1, ' ', false, json::error_handler_t::replace);
  return manifest;
}

}  // namespace

absl::StatusOr<Warnings> ImportBundle(const fs::path& checkpoint_folder,
                                      const fs::path& bundle_folder, const ImportOptions& options,
                                      const Clock& clock) {
  GUICHET_ASSIGN_OR_RETURN(BartConfig config, ChooseConfig(checkpoint_folder, options));
  GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(checkpoint_folder));
  absl::StatusOr<ModelWeights> weights = ResolveParameterNames(std::move(checkpoint), config);
  if (!weights.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", checkpoint_folder.string(), std::string(weights.status().message())));
  }
  Warnings warnings = std::move(weights->warnings);
  std::shared_ptr<const Checkpoint> new_head;
  if (!weights->has_classification_head) {
    new_head = NewClassificationHead(config, options.seed);
    for (const auto& [name, tensor] : new_head->tensors()) weights->tensors[name] = tensor;
    warnings.push_back(fmt::format(
        "the checkpoint has no classification head: a new one is drawn with seed {}; fine-tune it "
        "before use",
        options.seed));
  } else if (config.head() == HeadKind::kEncoder && weights->has_decoder) {
    warnings.emplace_back(
        "the classification head may have been trained on the decoder's states, and now reads the "
        "encoder's; fine-tune it before use");
  }
  GUICHET_ASSIGN_OR_RETURN(const auto tokenizer,
                           ChooseTokenizer(checkpoint_folder, config, warnings));
  BundleContents contents;
  contents.manifest = MakeManifest(checkpoint_folder, config, options, new_head != nullptr);
  contents.config = std::move(config);
  contents.weights = std::move(weights->tensors);
  contents.tokenizer = tokenizer.get();
  GUICHET_RETURN_IF_ERROR(WriteBundle(contents, bundle_folder, clock));
  return warnings;
}

}  // namespace guichet
