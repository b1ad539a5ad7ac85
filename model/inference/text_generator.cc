#include "model/inference/text_generator.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <new>
#include <system_error>
#include <utility>

#include <c10/core/InferenceMode.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/parameter_names.h"
#include "model/generation/generation_config.h"
#include "model/inference/cached_decoder.h"
#include "model/inference/packed_batch.h"
#include "model/inference/prepared_weights.h"
#include "model/network/bart_config.h"

namespace guichet {
namespace {

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

// What a folder holds, checked file against file.
struct LoadedFolder {
  BartConfig config;
  GenerationOptions defaults;
  std::unique_ptr<const Tokenizer> tokenizer;  // null: there is none
};

class LibtorchTextGenerator final : public TextGenerator {
 public:
  LibtorchTextGenerator(LoadedFolder folder, const RunOptions& run, PreparedWeights weights)
      : config_(std::move(folder.config)),
        defaults_(std::move(folder.defaults)),
        tokenizer_(std::move(folder.tokenizer)),
        run_(run),
        weights_(std::move(weights)),
        device_name_(run.device.str()),
        limits_{.vocabulary_size = config_.vocab_size,
                .max_positions = config_.max_position_embeddings} {}

  absl::StatusOr<std::vector<TokenId>> Encode(std::string_view text) const override {
    GUICHET_RETURN_IF_ERROR(NeedTokenizer());
    if (IsBlank(text)) {
      return absl::InvalidArgumentError("the text is empty; leave such texts out");
    }
    GUICHET_ASSIGN_OR_RETURN(Encoding encoding,
                             tokenizer_->Encode(text, {.parse_special_tokens = true}));
    if (encoding.ids.size() > static_cast<std::size_t>(limits_.max_positions)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the text has ", encoding.ids.size(), " tokens and the model ",
                       limits_.max_positions, " positions; shorten or divide it"));
    }
    return std::move(encoding.ids);
  }

  absl::StatusOr<std::string> Decode(std::span<const TokenId> ids) const override {
    GUICHET_RETURN_IF_ERROR(NeedTokenizer());
    return tokenizer_->Decode(ids, {});
  }

  absl::StatusOr<std::vector<std::vector<GeneratedSequence>>> Generate(
      std::span<const GenerationInput> rows, const GenerationOptions& options,
      const GenerationObserver& observer) const override {
    if (rows.empty()) return std::vector<std::vector<GeneratedSequence>>();
    GUICHET_RETURN_IF_ERROR(Validate(options, limits_));
    std::vector<std::span<const TokenId>> ids;
    std::vector<std::uint64_t> streams;
    for (const GenerationInput& row : rows) {
      ids.push_back(row.ids);
      streams.push_back(row.stream);
    }
    std::vector<std::vector<GeneratedSequence>> results;
    GUICHET_RETURN_IF_ERROR(RunDecoder(ids, [&](StepDecoder& decoder) -> absl::Status {
      GUICHET_ASSIGN_OR_RETURN(results, guichet::Generate(decoder, streams, options, observer));
      return absl::OkStatus();
    }));
    return results;
  }

  absl::StatusOr<std::vector<FilledMask>> FillMasks(std::span<const TokenId> ids,
                                                    int count) const override {
    GUICHET_RETURN_IF_ERROR(NeedTokenizer());
    if (count < 1 || count > limits_.vocabulary_size) {
      return absl::InvalidArgumentError(
          absl::StrCat(count, " tokens for a mask; give 1 to ", limits_.vocabulary_size));
    }
    std::vector<FilledMask> masks;
    GUICHET_RETURN_IF_ERROR(RunDecoder({ids}, [&](StepDecoder& decoder) -> absl::Status {
      GUICHET_ASSIGN_OR_RETURN(masks,
                               guichet::FillMasks(decoder, ids, tokenizer_->special_ids().mask,
                                                  static_cast<std::size_t>(count)));
      return absl::OkStatus();
    }));
    return masks;
  }

  const GenerationOptions& defaults() const override { return defaults_; }
  const GenerationLimits& limits() const override { return limits_; }
  bool has_tokenizer() const override { return tokenizer_ != nullptr; }
  std::string_view device() const override { return device_name_; }
  std::string_view dtype() const override { return NameOfType(run_); }
  std::size_t weight_bytes() const override { return weights_.bytes; }

 private:
  // Encodes rows and lets `work` decode them; what the device throws ends here.
  absl::Status RunDecoder(const std::vector<std::span<const TokenId>>& rows,
                          const std::function<absl::Status(StepDecoder&)>& work) const {
    GUICHET_ASSIGN_OR_RETURN(const PackedBatch batch,
                             PackRows(rows, {.vocabulary_size = limits_.vocabulary_size,
                                             .max_tokens = limits_.max_positions,
                                             .end_id = config_.eos_token_id}));
    try {
      const c10::InferenceMode no_autograd;
      return work(*MakeCachedDecoder(weights_, config_, batch, run_.device));
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError(
          absl::StrCat("no memory to generate for ", rows.size(), " rows at once; give fewer"));
    } catch (const std::exception& error) {
      return absl::InternalError(
          absl::StrCat("generation on ", device_name_, " failed: ", FirstLineOf(error)));
    }
  }

  absl::Status NeedTokenizer() const {
    if (tokenizer_ != nullptr) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "the model's folder has no tokenizer, so it reads and writes token ids only; put "
        "sentencepiece.bpe.model (BARThez), or vocab.json and merges.txt (BART), beside the "
        "weights");
  }

  const BartConfig config_;
  const GenerationOptions defaults_;
  const std::unique_ptr<const Tokenizer> tokenizer_;
  const RunOptions run_;
  const PreparedWeights weights_;
  const std::string device_name_;
  const GenerationLimits limits_;
};

absl::StatusOr<LoadedFolder> ReadFolder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return absl::NotFoundError(absl::StrCat(
        folder.string(), " is no folder; give a Hugging Face folder with config.json and weights"));
  }
  LoadedFolder loaded;
  GUICHET_ASSIGN_OR_RETURN(loaded.config, ReadBartConfig(folder));
  GUICHET_ASSIGN_OR_RETURN(loaded.defaults, ReadGenerationOptions(folder, loaded.config));
  auto tokenizer = LoadTokenizer(folder);
  if (tokenizer.ok()) {
    loaded.tokenizer = *std::move(tokenizer);
  } else if (tokenizer.status().code() != absl::StatusCode::kNotFound) {
    return tokenizer.status();
  }
  return loaded;
}

absl::Status NotOfOneModel(const std::filesystem::path& folder, const absl::Status& problem) {
  return absl::Status(problem.code(),
                      absl::StrCat(folder.string(), ": ", std::string(problem.message()),
                                   "; take config.json and the weights from one model"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TextGenerator>> LoadTextGenerator(
    const std::filesystem::path& folder, const DeviceOptions& options) {
  try {
    GUICHET_ASSIGN_OR_RETURN(const RunOptions run, ChooseRun(options));
    GUICHET_ASSIGN_OR_RETURN(LoadedFolder loaded, ReadFolder(folder));
    GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(folder));
    const auto weights = ResolveParameterNames(std::move(checkpoint), loaded.config);
    if (!weights.ok()) return NotOfOneModel(folder, weights.status());
    auto prepared = PrepareGenerator(*weights, loaded.config, run);
    if (!prepared.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder.string(), ": ", std::string(prepared.status().message())));
    }
    return std::make_shared<LibtorchTextGenerator>(std::move(loaded), run, *std::move(prepared));
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot load the model onto '", options.device, "': ", FirstLineOf(error)));
  }
}

}  // namespace guichet
