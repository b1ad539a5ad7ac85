#include "model/finetuning/base_model.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "model/checkpoint/checkpoint.h"
#include "model/cleaning/cleaning_tokenizer.h"
#include "model/finetuning/carry_head.h"
#include "model/text/built_in_tokenizer.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

absl::StatusOr<BaseModel> FromBundle(const fs::path& folder) {
  GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(folder));
  BaseModel base{
      .name = bundle->manifest().name, .config = bundle->config(), .weights = bundle->weights()};
  if (bundle->tokenizer() != nullptr) {  // which cleans as the bundle does
    GUICHET_ASSIGN_OR_RETURN(base.tokenizer, LoadTokenizer(folder));
  }
  base.config.labels = bundle->manifest().labels;
  return base;
}

absl::StatusOr<BaseModel> FromCheckpoint(const fs::path& folder) {
  BaseModel base{.name = fs::weakly_canonical(folder).filename().string()};
  GUICHET_ASSIGN_OR_RETURN(base.config, ReadBartConfig(folder));
  GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(folder));
  GUICHET_ASSIGN_OR_RETURN(base.weights, ResolveParameterNames(std::move(checkpoint), base.config));
  GUICHET_ASSIGN_OR_RETURN(base.tokenizer, LoadTokenizer(folder));
  return base;
}

// `had_head`: the base came with a classification head, whose form stays unless it is asked for
// otherwise.
absl::Status ChooseHead(const HeadOptions& head, bool had_head, BaseModel& base) {
  const bool keeps = head.kind == "auto" && had_head;
  if (!keeps && head.kind != "encoder-decoder") {
    GUICHET_ASSIGN_OR_RETURN(const Pooling pooling, ParsePooling(head.pooling));
    if (!base.config.pooling || head.kind == "encoder") base.config.pooling = pooling;
  }
  if (head.kind == "encoder-decoder") base.config.pooling.reset();
  if (base.weights && base.config.head() == HeadKind::kEncoderDecoder &&
      !base.weights->has_decoder) {
    return absl::InvalidArgumentError(
        fmt::format("head encoder-decoder: {} holds no decoder; use the head encoder", base.name));
  }
  return absl::OkStatus();
}

absl::Status Clean(const TextCleaningOptions& cleaning, BaseModel& base) {
  GUICHET_ASSIGN_OR_RETURN(base.tokenizer, WithCleaning(base.tokenizer, cleaning));
  base.cleaning = cleaning;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BaseModel> OpenBaseModel(const fs::path& folder, const HeadOptions& head,
                                        const std::vector<std::string>& labels,
                                        const TextCleaningOptions& cleaning) {
  GUICHET_ASSIGN_OR_RETURN(BaseModel base, fs::exists(folder / "manifest.json")
                                               ? FromBundle(folder)
                                               : FromCheckpoint(folder));
  if (base.tokenizer == nullptr) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: no tokenizer files in it; a base needs them to read text", folder.string()));
  }
  const std::set<std::string> wanted(labels.begin(), labels.end());
  const std::set<std::string> own(base.config.labels.begin(), base.config.labels.end());
  const bool had_head = base.weights->has_classification_head;
  if (wanted != own) {
    GUICHET_RETURN_IF_ERROR(CarryHead(base.config.labels, labels, *base.weights));
    base.config.labels = labels;
  }
  GUICHET_RETURN_IF_ERROR(ChooseHead(head, had_head, base));
  GUICHET_RETURN_IF_ERROR(Clean(cleaning, base));
  return base;
}

absl::StatusOr<BaseModel> NewBaseModel(const fs::path& config_file, const std::string& tokenizer,
                                       const HeadOptions& head,
                                       const std::vector<std::string>& labels,
                                       const TextCleaningOptions& cleaning) {
  GUICHET_ASSIGN_OR_RETURN(const std::string json, ReadFile(config_file, kMaxConfigBytes));
  BaseModel base{.name = "scratch"};
  GUICHET_ASSIGN_OR_RETURN(base.config, ParseBartConfig(json));
  GUICHET_ASSIGN_OR_RETURN(base.tokenizer, OpenTokenizer(tokenizer));
  base.config.labels = labels;
  if (base.config.vocab_size != base.tokenizer->vocabulary_size()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: vocab_size {} but the tokenizer '{}' has {} pieces; set vocab_size to that",
        config_file.string(), base.config.vocab_size, tokenizer,
        base.tokenizer->vocabulary_size()));
  }
  GUICHET_RETURN_IF_ERROR(ChooseHead(head, /*had_head=*/false, base));
  GUICHET_RETURN_IF_ERROR(Clean(cleaning, base));
  return base;
}

}  // namespace guichet
