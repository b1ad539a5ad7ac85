#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/bundle/bundle_files.h"
#include "model/bundle/model_bundle.h"
#include "model/checkpoint/safetensors.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Tensors that somebody else keeps alive.
class BorrowedCheckpoint : public Checkpoint {
 public:
  explicit BorrowedCheckpoint(const TensorMap& tensors) : tensors_(tensors) {}
  const TensorMap& tensors() const override { return tensors_; }

 private:
  const TensorMap& tensors_;
};

std::string Rfc3339(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string DTypeOf(const TensorMap& tensors) {
  const DType first = tensors.begin()->second.dtype;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.dtype != first) return "mixed";
  }
  return std::string(NameOf(first));
}

// What the manifest holds must be small enough to be read again; a report of hundreds of labels is
// larger, and only people and their tools read it.
JsonLimits ManifestLimits() {
  JsonLimits limits;
  limits.max_bytes = size_t{4} << 20;
  limits.max_values = 200'000;
  return limits;
}
JsonLimits ReportLimits() {
  JsonLimits limits;
  limits.max_bytes = size_t{256} << 20;
  limits.max_values = 20'000'000;
  return limits;
}

absl::Status CheckObject(const char* field, const std::string& text, const JsonLimits& limits) {
  const absl::StatusOr<json> value = ParseStrictJson(text, limits);
  if (value.ok() && value->is_object()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: expected a JSON object{}{}", field, value.ok() ? "" : "; ",
                  value.ok() ? std::string() : std::string(value.status().message())));
}

BartConfig StoredConfig(const BundleContents& contents) {
  BartConfig config = contents.config;
  config.labels = contents.manifest.labels;
  config.pooling.reset();
  if (contents.manifest.head == HeadKind::kEncoder) config.pooling = contents.manifest.pooling;
  json file = ParseStrictJson(config.json).value_or(json::object());
  // transformers has no class for the encoder alone.
  file.erase("architectures");
  if (!config.pooling) file["architectures"] = {"MBartForSequenceClassification"};
  config.json = file.dump();
  return config;
}

absl::Status CheckTokenizer(const Tokenizer& tokenizer, const BartConfig& config) {
  if (tokenizer.special_ids().end == config.eos_token_id &&
      tokenizer.special_ids().padding == config.pad_token_id) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "the tokenizer's ids of </s> and <pad> are not the configuration's");
}

// Everything that a reader of the bundle will check, before a byte is written.
absl::Status CheckContents(const BundleContents& contents, const BartConfig& config,
                           const TensorMap& stored) {
  GUICHET_RETURN_IF_ERROR(Validate(contents.manifest));
  GUICHET_RETURN_IF_ERROR(
      CheckObject("provenance", contents.manifest.provenance_json, ManifestLimits()));
  GUICHET_RETURN_IF_ERROR(CheckObject("metrics", contents.manifest.metrics_json, ManifestLimits()));
  GUICHET_RETURN_IF_ERROR(CheckObject("report", contents.report_json, ReportLimits()));
  if (contents.manifest.max_tokens > config.max_position_embeddings) {
    return absl::InvalidArgumentError(fmt::format("max_tokens is {}; the model has {} positions",
                                                  contents.manifest.max_tokens,
                                                  config.max_position_embeddings));
  }
  if (contents.tokenizer != nullptr) {
    GUICHET_RETURN_IF_ERROR(CheckTokenizer(*contents.tokenizer, config));
  }
  GUICHET_ASSIGN_OR_RETURN(
      const ModelWeights weights,
      ResolveParameterNames(std::make_shared<BorrowedCheckpoint>(stored), config));
  if (!weights.has_classification_head) {
    return absl::InvalidArgumentError("the weights hold no classification head");
  }
  return absl::OkStatus();
}

absl::Status WriteText(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::InternalError(fmt::format("cannot write {}", path.string()));
}

absl::Status CopyTokenizer(const Tokenizer& tokenizer, const fs::path& folder) {
  for (const fs::path& source : tokenizer.files()) {
    std::error_code error;
    if (!fs::copy_file(source, folder / source.filename(), error)) {
      return absl::InternalError(
          fmt::format("cannot copy {}: {}", source.string(), error.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status ListFiles(const fs::path& folder, BundleManifest& manifest) {
  manifest.files.clear();
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    GUICHET_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(entry.path()));
    manifest.files[entry.path().filename().string()] = {Sha256Hex(file.bytes()),
                                                        file.bytes().size()};
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteBundle(const BundleContents& contents, const fs::path& folder,
                         const Clock& clock) {
  const BartConfig config = StoredConfig(contents);
  const TensorMap stored = StoredTensors(contents.weights, contents.manifest.head);
  GUICHET_RETURN_IF_ERROR(CheckContents(contents, config, stored));
  BundleManifest manifest = contents.manifest;
  manifest.created = Rfc3339(clock.WallNow());
  manifest.dtype = DTypeOf(stored);
  manifest.tokenizer_kind =
      contents.tokenizer == nullptr ? kNoTokenizer : std::string(contents.tokenizer->kind());
  return CreateFolderDurably(folder, [&](const fs::path& staging) {
    GUICHET_RETURN_IF_ERROR(WriteSafetensors(stored, staging / kWeightsFile));
    GUICHET_RETURN_IF_ERROR(WriteText(staging / kConfigFile, ToJson(config)));
    GUICHET_RETURN_IF_ERROR(WriteText(staging / kReportFile, contents.report_json));
    if (!contents.report_html.empty()) {
      GUICHET_RETURN_IF_ERROR(WriteText(staging / kReportPage, contents.report_html));
    }
    if (contents.tokenizer != nullptr) {
      GUICHET_RETURN_IF_ERROR(CopyTokenizer(*contents.tokenizer, staging));
    }
    GUICHET_RETURN_IF_ERROR(ListFiles(staging, manifest));
    return WriteText(staging / kManifestFile, ToJson(manifest));
  });
}

}  // namespace guichet
