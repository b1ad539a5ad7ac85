#include "model/pretraining/pretrained_folder.h"

#include <cstring>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/checkpoint/convert.h"
#include "model/checkpoint/safetensors.h"
#include "model/network/owned_tensors.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Tensors as they are stored, in memory of their own where they are rounded.
struct StoredTensors {
  TensorMap tensors;
  std::map<std::string, std::vector<std::uint16_t>> rounded;
};

StoredTensors Store(const TensorMap& tensors, SavedType type) {
  StoredTensors stored{.tensors = tensors, .rounded = {}};
  if (type == SavedType::kFp32) return stored;
  for (auto& [name, view] : stored.tensors) {
    std::vector<std::uint16_t>& values = stored.rounded[name];
    values.resize(view.data.size() / sizeof(float));
    for (std::size_t i = 0; i < values.size(); ++i) {
      float value = 0.0F;
      std::memcpy(&value, view.data.data() + i * sizeof(value), sizeof(value));
      values[i] = FloatToBFloat16(value);
    }
    view.dtype = DType::kBF16;
    view.data = std::as_bytes(std::span(values));
  }
  return stored;
}

// The configuration, with what makes it transformers' own kind of folder. Lengths of what it writes
// are set where the file that the run began with says nothing.
std::string ConfigJson(const PretrainedModel& model, SavedType type) {
  auto file = nlohmann::json::parse(ToJson(model.config));
  file["architectures"] = {"MBartForConditionalGeneration"};
  file["tokenizer_class"] = "BarthezTokenizer";
  file["torch_dtype"] = type == SavedType::kBf16 ? "bfloat16" : "float32";
  if (!file.contains("max_length")) file["max_length"] = model.plan.learning.max_tokens;
  return file.dump(2) + "\n";
}

Json CorpusJson(const CorpusFigures& figures) {
  Json files = Json::array();
  for (const CorpusFile& file : figures.files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return {{"files", std::move(files)},
          {"documents", figures.documents},
          {"heldout_documents", figures.heldout_documents},
          {"tokens", figures.tokens},
          {"heldout_tokens", figures.heldout_tokens},
          {"unknown_tokens", figures.unknown_tokens}};
}

Json CurveJson(const std::vector<LossPoint>& curve) {
  Json points = Json::array();
  for (const LossPoint& point : curve) {
    points.push_back({{"update", point.update},
                      {"loss", point.loss},
                      {"heldout_loss", point.heldout_loss ? Json(*point.heldout_loss) : Json()},
                      {"seconds", point.seconds},
                      {"tokens_per_second", point.tokens_per_second}});
  }
  return points;
}

std::string ReportJson(const PretrainedModel& model, const std::string& weights_sha256) {
  const PretrainingResult& result = model.result;
  const Json report = {{"guichet", GUICHET_VERSION},
                       {"plan", ToYaml(model.plan)},
                       {"corpus", CorpusJson(model.corpus.figures())},
                       {"updates", result.updates},
                       {"complete", result.complete},
                       {"epoch", result.epoch},
                       {"tokens", result.tokens},
                       {"seconds", result.seconds},
                       {"tokens_per_second", result.tokens_per_second},
                       {"device", result.device},
                       {"weights_sha256", weights_sha256},
                       {"curve", CurveJson(result.curve)}};
  return report.dump(1) + "\n";
}

absl::Status CopyTokenizer(const Tokenizer& tokenizer, const fs::path& folder) {
  for (const fs::path& file : tokenizer.files()) {
    std::error_code error;
    fs::copy_file(file, folder / file.filename(), error);
    if (error) {
      return absl::InternalError(fmt::format("cannot copy {}: {}", file.string(), error.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WritePretrainedFolder(const PretrainedModel& model, SavedType type,
                                                  const fs::path& folder) {
  const StoredTensors stored = Store(model.result.weights.tensors, type);
  GUICHET_ASSIGN_OR_RETURN(std::string hash, HashWeights(stored.tensors));
  GUICHET_RETURN_IF_ERROR(CreateFolderDurably(folder, [&](const fs::path& staging) -> absl::Status {
    GUICHET_RETURN_IF_ERROR(WriteSafetensors(stored.tensors, staging / "model.safetensors"));
    GUICHET_RETURN_IF_ERROR(WriteFileDurably(staging / "config.json", ConfigJson(model, type)));
    GUICHET_RETURN_IF_ERROR(CopyTokenizer(model.tokenizer, staging));
    return WriteFileDurably(staging / "pretraining.json", ReportJson(model, hash));
  }));
  return hash;
}

}  // namespace guichet
