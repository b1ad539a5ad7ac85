#include "model/finetuning/training_job.h"

#include <cerrno>
#include <charconv>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"

namespace guichet {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GatePolicy, min_rows, margin, confidence, resamples, seed,
                                   max_recall_loss, alpha, protected_labels, max_calibration_growth,
                                   max_p95_seconds)

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kJobFile = "job.json";
constexpr const char* kHoldoutFile = "holdout.txt";
constexpr const char* kUsedHoldoutFile = "holdout-used.txt";
constexpr const char* kProgressFile = "progress.jsonl";
constexpr const char* kOutcomeFile = "outcome.json";
constexpr std::size_t kMaxJobBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxHoldoutBytes = std::size_t{512} << 20;
constexpr std::size_t kKeyDigits = 32;

std::string Dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

// A JSON text of the job; `read` may throw nlohmann's exceptions.
template <typename T, typename Read>
absl::StatusOr<T> ParseJson(std::string_view text, std::string_view source, const Read& read) {
  const auto json = ParseStrictJson(
      text, {.max_bytes = kMaxJobBytes, .max_values = 200'000, .max_string_bytes = kMaxJobBytes});
  if (!json.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", source, std::string(json.status().message())));
  }
  try {
    return read(*json);
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", source, error.what()));
  }
}

std::string KeysText(const HoldoutKeys& keys) {
  std::string text;
  text.reserve(keys.size() * (kKeyDigits + 2 + 2 * TextSketch::kSize));
  for (const auto& [key, sketch] : keys) {
    text += fmt::format("{:016x}{:016x}", key.high, key.low);
    if (sketch) text += " " + ToHex(*sketch);
    text += '\n';
  }
  return text;
}

bool ParseHex(std::string_view digits, std::uint64_t& value) {
  const char* begin = digits.data();
  return std::from_chars(begin, begin + digits.size(), value, 16).ptr == begin + digits.size();
}

absl::StatusOr<HoldoutKeys> ParseKeys(std::string_view text, const fs::path& path) {
  HoldoutKeys keys;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    TextKey key;
    const bool has_sketch = line.size() > kKeyDigits && line[kKeyDigits] == ' ';
    const auto sketch = has_sketch ? ParseSketch(line.substr(kKeyDigits + 1)) : std::nullopt;
    if ((line.size() != kKeyDigits && !sketch) ||
        !ParseHex(line.substr(0, kKeyDigits / 2), key.high) ||
        !ParseHex(line.substr(kKeyDigits / 2, kKeyDigits / 2), key.low)) {
      return absl::DataLossError(fmt::format(
          "{}: line {} is no key of {} hexadecimal digits, alone or with a sketch of {} behind it",
          path.string(), keys.size() + 1, kKeyDigits, 2 * TextSketch::kSize));
    }
    keys.emplace(key, sketch);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return keys;
}

void Put(Json& json, const char* name, const std::optional<double>& value) {
  if (value) json[name] = *value;
}

std::optional<double> Get(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? std::nullopt : std::optional<double>(found->get<double>());
}

std::string ProgressLine(const JobProgress& progress) {
  Json json = {{"sequence", progress.sequence}, {"stage", progress.stage}};
  if (!progress.message.empty()) json["message"] = progress.message;
  if (progress.total_steps > 0) {
    json["epoch"] = progress.epoch;
    json["epochs"] = progress.epochs;
    json["step"] = progress.step;
    json["total_steps"] = progress.total_steps;
  }
  Put(json, "loss", progress.loss);
  Put(json, "learning_rate", progress.learning_rate);
  Put(json, "tokens_per_second", progress.tokens_per_second);
  Put(json, "seconds", progress.seconds);
  Put(json, "remaining_seconds", progress.remaining_seconds);
  Put(json, "accuracy", progress.accuracy);
  Put(json, "macro_f1", progress.macro_f1);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

JobProgress ParseProgress(const nlohmann::json& json) {
  JobProgress progress;
  json.at("sequence").get_to(progress.sequence);
  json.at("stage").get_to(progress.stage);
  progress.message = json.value("message", "");
  progress.epoch = json.value("epoch", 0);
  progress.epochs = json.value("epochs", 0);
  progress.step = json.value("step", 0);
  progress.total_steps = json.value("total_steps", 0);
  progress.loss = Get(json, "loss");
  progress.learning_rate = Get(json, "learning_rate");
  progress.tokens_per_second = Get(json, "tokens_per_second");
  progress.seconds = Get(json, "seconds");
  progress.remaining_seconds = Get(json, "remaining_seconds");
  progress.accuracy = Get(json, "accuracy");
  progress.macro_f1 = Get(json, "macro_f1");
  return progress;
}

// How many whole lines a file holds, and the bytes of them.
std::pair<std::int64_t, std::int64_t> WholeLines(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::int64_t lines = 0;
  std::int64_t bytes = 0;
  std::string line;
  while (std::getline(file, line) && !file.eof()) {
    ++lines;
    bytes += static_cast<std::int64_t>(line.size()) + 1;
  }
  return {lines, bytes};
}

}  // namespace

absl::Status TrainingJob::Validate() const {
  const auto share = [](const char* field, double value) {
    if (value > 0.0 && value < 1.0) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("{} is {}; it must lie in (0, 1)", field, value));
  };
  GUICHET_RETURN_IF_ERROR(share("validation_share", validation_share));
  GUICHET_RETURN_IF_ERROR(share("holdout_share", holdout_share));
  if (checkpoint_interval.count() < 0 || checkpoint_interval > std::chrono::hours(24)) {
    return absl::InvalidArgumentError(
        fmt::format("checkpoint_milliseconds is {}; it must lie in [0, 86400000]",
                    checkpoint_interval.count()));
  }
  if (model.empty()) return absl::InvalidArgumentError("model is empty; name the candidate");
  return gate.Validate();
}

std::string ToJson(const TrainingJob& job) {
  return Dump({{"id", job.id},
               {"dataset", job.dataset.string()},
               {"format", job.format},
               {"columns", job.columns},
               {"preset", job.preset},
               {"encoding", job.encoding},
               {"base", job.base.string()},
               {"live", job.live.string()},
               {"model", job.model},
               {"plan", job.plan},
               {"validation_share", job.validation_share},
               {"holdout_share", job.holdout_share},
               {"include_feedback", job.include_feedback},
               {"feedback_until", job.feedback_until},
               {"gate", nlohmann::json(job.gate)},
               {"checkpoint_milliseconds", job.checkpoint_interval.count()}});
}

absl::StatusOr<TrainingJob> ParseTrainingJob(std::string_view text, std::string_view source) {
  auto parsed = ParseJson<TrainingJob>(text, source, [](const nlohmann::json& json) {
    TrainingJob job;
    json.at("id").get_to(job.id);
    job.dataset = json.at("dataset").get<std::string>();
    json.at("format").get_to(job.format);
    json.at("columns").get_to(job.columns);
    job.preset = json.value("preset", "");  // jobs of before there were presets lack both
    job.encoding = json.value("encoding", "");
    job.base = json.at("base").get<std::string>();
    job.live = json.at("live").get<std::string>();
    json.at("model").get_to(job.model);
    json.at("plan").get_to(job.plan);
    json.at("validation_share").get_to(job.validation_share);
    json.at("holdout_share").get_to(job.holdout_share);
    // Absent from jobs of an older guichet.
    job.include_feedback = json.value("include_feedback", false);
    job.feedback_until = json.value("feedback_until", std::int64_t{0});
    json.at("gate").get_to(job.gate);
    job.checkpoint_interval =
        std::chrono::milliseconds(json.at("checkpoint_milliseconds").get<std::int64_t>());
    return job;
  });
  GUICHET_RETURN_IF_ERROR(parsed.status());
  GUICHET_RETURN_IF_ERROR(parsed->Validate());
  return parsed;
}

absl::Status WriteTrainingJob(const TrainingJob& job, const HoldoutKeys& holdout,
                              const fs::path& folder) {
  GUICHET_RETURN_IF_ERROR(WriteFileDurably(folder / kHoldoutFile, KeysText(holdout)));
  return WriteFileDurably(folder / kJobFile, ToJson(job));
}

absl::StatusOr<TrainingJob> ReadTrainingJob(const fs::path& folder) {
  const fs::path path = folder / kJobFile;
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxJobBytes));
  return ParseTrainingJob(text, path.string());
}

absl::StatusOr<HoldoutKeys> ReadHoldoutKeys(const fs::path& folder, bool used) {
  const fs::path path = folder / (used ? kUsedHoldoutFile : kHoldoutFile);
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxHoldoutBytes));
  return ParseKeys(text, path);
}

absl::Status WriteUsedHoldoutKeys(const HoldoutKeys& keys, const fs::path& folder) {
  return WriteFileDurably(folder / kUsedHoldoutFile, KeysText(keys));
}

absl::Status WriteTrainingOutcome(const TrainingOutcome& outcome, const fs::path& folder) {
  return WriteFileDurably(folder / kOutcomeFile,
                          Dump({{"code", static_cast<int>(outcome.status.code())},
                                {"message", std::string(outcome.status.message())},
                                {"verdict", NameOf(outcome.verdict)},
                                {"gate", Json::parse(outcome.gate_json)},
                                {"summary", Json::parse(outcome.summary_json)},
                                {"training_rows", outcome.training_rows},
                                {"validation_rows", outcome.validation_rows},
                                {"holdout_rows", outcome.holdout_rows}}));
}

absl::StatusOr<TrainingOutcome> ReadTrainingOutcome(const fs::path& folder) {
  const fs::path path = folder / kOutcomeFile;
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxJobBytes));
  return ParseJson<TrainingOutcome>(text, path.string(), [](const nlohmann::json& json) {
    TrainingOutcome outcome;
    outcome.status = absl::Status(static_cast<absl::StatusCode>(json.at("code").get<int>()),
                                  json.at("message").get<std::string>());
    const auto verdict = json.at("verdict").get<std::string>();
    for (const GateVerdict known : {GateVerdict::kPromote, GateVerdict::kReject}) {
      if (verdict == NameOf(known)) outcome.verdict = known;
    }
    outcome.gate_json = json.at("gate").dump();
    outcome.summary_json = json.at("summary").dump();
    json.at("training_rows").get_to(outcome.training_rows);
    json.at("validation_rows").get_to(outcome.validation_rows);
    json.at("holdout_rows").get_to(outcome.holdout_rows);
    return outcome;
  });
}

absl::StatusOr<JobProgressWriter> JobProgressWriter::Open(const fs::path& folder) {
  const fs::path path = folder / kProgressFile;
  const auto [lines, bytes] = WholeLines(path);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0 || ::ftruncate(file, bytes) != 0) {
    const int error = errno;
    if (file >= 0) ::close(file);
    return FileError("write", path, error);
  }
  return JobProgressWriter(file, lines, bytes);
}

JobProgressWriter::JobProgressWriter(JobProgressWriter&& other) noexcept
    : file_(std::exchange(other.file_, -1)), last_(other.last_), bytes_(other.bytes_) {}

JobProgressWriter::~JobProgressWriter() {
  if (file_ >= 0) ::close(file_);
}

void JobProgressWriter::Write(JobProgress progress) {
  progress.sequence = last_ + 1;
  const std::string line = ProgressLine(progress);
  // In one call, so that a reader never sees half of it but after a crash or on a full disk.
  const ssize_t written = ::write(file_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    ++last_;
    bytes_ += written;
  } else if (written > 0 && ::ftruncate(file_, bytes_) != 0) {
    ::close(std::exchange(file_, -1));  // half a line stays: nothing may follow it
  }
}

JobProgressReader::JobProgressReader(const fs::path& folder, std::int64_t sequence)
    : path_(folder / kProgressFile), skip_(sequence) {}

std::vector<JobProgress> JobProgressReader::Next(std::size_t most) {
  std::ifstream file(path_, std::ios::binary);
  file.seekg(offset_);
  std::vector<JobProgress> read;
  std::string line;
  while (read.size() < most && std::getline(file, line) && !file.eof()) {
    ++line_;
    offset_ += static_cast<std::int64_t>(line.size()) + 1;
    if (line_ <= skip_) continue;
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    try {
      read.push_back(ParseProgress(json));
    } catch (const nlohmann::json::exception&) {
      continue;
    }
  }
  return read;
}

}  // namespace guichet
