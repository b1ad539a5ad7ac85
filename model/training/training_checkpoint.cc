#include "model/training/training_checkpoint.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "base/durable_file.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/checkpoint/safetensors.h"
#include "model/network/owned_tensors.h"

namespace guichet {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrainerState, fingerprint, epoch, next_batch, loss_sum,
                                   epoch_updates, epoch_tokens, updates, tokens, seconds,
                                   training_seconds, epoch_seconds, random, best_epoch)

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kTensorsFile = "tensors.safetensors";
constexpr const char* kStateFile = "state.json";
constexpr std::size_t kMaxStateBytes = std::size_t{64} << 20;
constexpr std::string_view kStepPrefix = "update-";
constexpr std::string_view kBestPrefix = "best-";
constexpr const char* kBestLogits = "validation.logits";

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<double> OrNothing(const nlohmann::json& value) {
  return value.is_null() ? std::nullopt : std::optional<double>(value.get<double>());
}

Json HistoryJson(const std::vector<EpochRecord>& history) {
  Json list = Json::array();
  for (const EpochRecord& epoch : history) {
    list.push_back({{"epoch", epoch.epoch},
                    {"training_loss", epoch.training_loss},
                    {"validation_loss", OrNull(epoch.validation_loss)},
                    {"accuracy", OrNull(epoch.accuracy)},
                    {"macro_f1", OrNull(epoch.macro_f1)},
                    {"seconds", epoch.seconds},
                    {"tokens_per_second", epoch.tokens_per_second},
                    {"best", epoch.best}});
  }
  return list;
}

std::vector<EpochRecord> ReadHistory(const nlohmann::json& list) {
  std::vector<EpochRecord> history;
  for (const nlohmann::json& entry : list) {
    history.push_back({.epoch = entry.at("epoch").get<int>(),
                       .training_loss = entry.at("training_loss").get<double>(),
                       .validation_loss = OrNothing(entry.at("validation_loss")),
                       .accuracy = OrNothing(entry.at("accuracy")),
                       .macro_f1 = OrNothing(entry.at("macro_f1")),
                       .seconds = entry.at("seconds").get<double>(),
                       .tokens_per_second = entry.at("tokens_per_second").get<double>(),
                       .best = entry.at("best").get<bool>()});
  }
  return history;
}

Json StateJson(const TrainerState& state) {
  Json json = state;
  json["history"] = HistoryJson(state.history);
  json["step"] = state.session.step;
  json["untouched"] = state.session.untouched;
  json["average_untouched"] = state.session.average_untouched;
  json["average_updates"] = state.session.average_updates;
  json["dropout"] = absl::BytesToHexString(state.session.dropout);
  return json;
}

// Throws nlohmann's exceptions for fields that are absent or of another type.
TrainerState ReadState(const nlohmann::json& json) {
  auto state = json.get<TrainerState>();
  state.history = ReadHistory(json.at("history"));
  json.at("step").get_to(state.session.step);
  json.at("untouched").get_to(state.session.untouched);
  json.at("average_untouched").get_to(state.session.average_untouched);
  json.at("average_updates").get_to(state.session.average_updates);
  state.session.dropout = absl::HexStringToBytes(json.at("dropout").get<std::string>());
  return state;
}

// Writes tensors and a description of them that holds their hash, as one folder.
absl::Status WriteFolder(const fs::path& folder, const TensorMap& tensors, Json description) {
  return CreateFolderDurably(folder, [&](const fs::path& staging) -> absl::Status {
    GUICHET_RETURN_IF_ERROR(WriteSafetensors(tensors, staging / kTensorsFile));
    {
      GUICHET_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(staging / kTensorsFile));
      description["tensors_sha256"] = Sha256Hex(file.bytes());
    }
    const std::string text = description.dump();
    return WriteFileDurably(staging / kStateFile,
                            Json{{"sha256", Sha256Hex(text)}, {"state", text}}.dump());
  });
}

absl::Status Damaged(const fs::path& folder, std::string_view why) {
  return absl::DataLossError(fmt::format("checkpoint {} is damaged: {}; remove {} to train anew",
                                         folder.string(), why, folder.parent_path().string()));
}

struct ReadFolder {
  nlohmann::json description;
  std::shared_ptr<const Checkpoint> tensors;
};

absl::StatusOr<ReadFolder> OpenFolder(const fs::path& folder) {
  const JsonLimits limits{
      .max_bytes = kMaxStateBytes, .max_values = 1'000'000, .max_string_bytes = kMaxStateBytes};
  const auto text = ReadFile(folder / kStateFile, kMaxStateBytes);
  if (!text.ok()) return Damaged(folder, std::string(text.status().message()));
  const auto outer = ParseStrictJson(*text, limits);
  if (!outer.ok() || !outer->is_object()) return Damaged(folder, "state.json is no JSON object");
  try {
    const auto inner = outer->at("state").get<std::string>();
    if (Sha256Hex(inner) != outer->at("sha256").get<std::string>()) {
      return Damaged(folder, "the hash of state.json does not fit");
    }
    ReadFolder read;
    GUICHET_ASSIGN_OR_RETURN(read.description, ParseStrictJson(inner, limits));
    const fs::path tensors = folder / kTensorsFile;
    const auto file = MappedFile::Open(tensors);
    if (!file.ok()) return Damaged(folder, std::string(file.status().message()));
    if (Sha256Hex(file->bytes()) != read.description.at("tensors_sha256").get<std::string>()) {
      return Damaged(folder, "the hash of tensors.safetensors does not fit");
    }
    GUICHET_ASSIGN_OR_RETURN(read.tensors, OpenCheckpoint(tensors));
    return read;
  } catch (const nlohmann::json::exception& error) {
    return Damaged(folder, error.what());
  }
}

// The subfolders PREFIX-N by falling N.
std::vector<std::pair<int, fs::path>> Numbered(const fs::path& folder, std::string_view prefix) {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    int number = 0;
    const char* end = name.data() + name.size();
    if (std::from_chars(name.data() + prefix.size(), end, number).ptr != end) continue;
    // An empty one is a name that was taken for a rename which did not come.
    if (fs::is_empty(entry.path(), error)) continue;
    found.emplace_back(number, entry.path());
  }
  std::ranges::sort(found, std::greater<>(), [](const auto& entry) { return entry.first; });
  return found;
}

fs::path Named(const fs::path& folder, std::string_view prefix, int number) {
  return folder / fmt::format("{}{}", prefix, number);
}

// Removes what `keep` makes superfluous.
void RemoveOthers(const fs::path& folder, std::string_view prefix, int keep) {
  for (const auto& [number, path] : Numbered(folder, prefix)) {
    std::error_code ignored;
    if (number != keep) fs::remove_all(path, ignored);
  }
}

// Removes what processes that were killed while writing have left.
void RemoveStagings(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> stagings;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with('.')) stagings.push_back(entry.path());
  }
  for (const fs::path& path : stagings) fs::remove_all(path, error);
}

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::InternalError(
      fmt::format("cannot make the checkpoint folder {}: {}", folder.string(), error.message()));
}

}  // namespace

absl::StatusOr<std::optional<TrainerState>> TrainingCheckpoints::Load(
    const std::string& fingerprint) const {
  RemoveStagings(options_.folder);
  const auto found = Numbered(options_.folder, kStepPrefix);
  if (found.empty()) return std::nullopt;
  const fs::path& folder = found.front().second;
  GUICHET_ASSIGN_OR_RETURN(const ReadFolder read, OpenFolder(folder));
  try {
    TrainerState state = ReadState(read.description);
    if (state.fingerprint != fingerprint) {
      return absl::FailedPreconditionError(fmt::format(
          "checkpoint {} belongs to another plan, model or set of examples; give the run a folder "
          "of its own",
          folder.string()));
    }
    state.session.tensors = read.tensors;
    return state;
  } catch (const nlohmann::json::exception& error) {
    return Damaged(folder, error.what());
  }
}

absl::Status TrainingCheckpoints::Save(const TrainerState& state) const {
  GUICHET_RETURN_IF_ERROR(MakeFolder(options_.folder));
  const fs::path folder = Named(options_.folder, kStepPrefix, state.updates);
  GUICHET_RETURN_IF_ERROR(WriteFolder(folder, state.session.tensors->tensors(), StateJson(state)));
  RemoveOthers(options_.folder, kStepPrefix, state.updates);
  if (state.best_epoch > 0) RemoveOthers(options_.folder, kBestPrefix, state.best_epoch);
  return absl::OkStatus();
}

absl::StatusOr<BestEpoch> TrainingCheckpoints::LoadBest(int epoch) const {
  const fs::path folder = Named(options_.folder, kBestPrefix, epoch);
  GUICHET_ASSIGN_OR_RETURN(const ReadFolder read, OpenFolder(folder));
  BestEpoch best;
  auto weights = std::make_shared<OwnedTensors>();
  for (const auto& [name, view] : read.tensors->tensors()) {
    GUICHET_ASSIGN_OR_RETURN(std::vector<float> values, ReadFloats(view));
    if (name == kBestLogits) {
      best.logits.assign(values.begin(), values.end());
    } else {
      weights->Add(name, view.shape, std::move(values));
    }
  }
  best.weights = ToModelWeights(std::move(weights));
  return best;
}

absl::Status TrainingCheckpoints::SaveBest(int epoch, const BestEpoch& best) const {
  GUICHET_RETURN_IF_ERROR(MakeFolder(options_.folder));
  const fs::path folder = Named(options_.folder, kBestPrefix, epoch);
  // Left by a process that died between this and the checkpoint that names it.
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  TensorMap tensors = best.weights.tensors;
  // The logits are fp32 numbers, so that nothing is lost.
  const std::vector<float> logits(best.logits.begin(), best.logits.end());
  if (!logits.empty()) {
    tensors[kBestLogits] = {.dtype = DType::kF32,
                            .shape = {static_cast<std::int64_t>(logits.size())},
                            .data = std::as_bytes(std::span(logits))};
  }
  return WriteFolder(folder, tensors, Json::object());
}

}  // namespace guichet
