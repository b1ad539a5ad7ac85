#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/evaluation/promotion_gate.h"
#include "model/finetuning/holdout_keys.h"

// One training job as a folder: what is asked for (job.json, holdout.txt), what happens
// (progress.jsonl, checkpoints/) and what came of it (candidate/, holdout-used.txt, outcome.json).
// The server writes the first and reads the rest; guichet-trainer does the opposite. Knows no
// torch.

namespace guichet {

inline constexpr const char* kCandidateFolder = "candidate";
inline constexpr const char* kCheckpointFolder = "checkpoints";

struct TrainingJob {
  std::string id;
  std::filesystem::path dataset;
  std::string format;          // text, jsonl, csv, tsv; empty: by the file's name
  std::string columns;         // as ParseColumnMap reads them
  std::string preset;          // glpi, zammad or jira; empty: none
  std::string encoding;        // as ParseTextEncoding reads it; empty: auto
  std::filesystem::path base;  // a bundle or a Hugging Face folder
  std::filesystem::path live;  // the bundle in service; empty: none, the candidate needs no gate
  std::string model;           // name of the candidate
  std::string plan;            // YAML over the defaults of TrainingPlan
  double validation_share = 0.1;
  double holdout_share = 0.2;
  bool include_feedback = false;    // train on corrections, too (feedback_tickets.h)
  std::int64_t feedback_until = 0;  // those up to this number, the newest when the job was accepted
  GatePolicy gate;
  std::chrono::milliseconds checkpoint_interval = std::chrono::seconds(60);  // 0 to 1 day

  // INVALID_ARGUMENT names the field, its value and its range.
  absl::Status Validate() const;
};

// As in job.json; parsed, it is valid. INVALID_ARGUMENT says which field is absent, of the wrong
// kind or out of range.
std::string ToJson(const TrainingJob& job);
absl::StatusOr<TrainingJob> ParseTrainingJob(std::string_view json, std::string_view source);

absl::Status WriteTrainingJob(const TrainingJob& job, const HoldoutKeys& holdout,
                              const std::filesystem::path& folder);
// Errors of ParseTrainingJob, and NOT_FOUND.
absl::StatusOr<TrainingJob> ReadTrainingJob(const std::filesystem::path& folder);
// The keys in holdout.txt, or in holdout-used.txt with `used`: a text a line, its key in 32
// hexadecimal digits and, where it is known, a space and its sketch in 128; at most 512 MiB, which
// is three million texts. NOT_FOUND where there is no file.
absl::StatusOr<HoldoutKeys> ReadHoldoutKeys(const std::filesystem::path& folder, bool used);
absl::Status WriteUsedHoldoutKeys(const HoldoutKeys& keys, const std::filesystem::path& folder);

// What came of a job.
struct TrainingOutcome {
  absl::Status status = absl::OkStatus();  // OK: the candidate is written
  GateVerdict verdict = GateVerdict::kHold;
  std::string gate_json = "null";   // the decision; null without a model in service
  std::string summary_json = "{}";  // figures of the run
  std::int64_t training_rows = 0;
  std::int64_t validation_rows = 0;
  std::int64_t holdout_rows = 0;
};

absl::Status WriteTrainingOutcome(const TrainingOutcome& outcome,
                                  const std::filesystem::path& folder);
// NOT_FOUND when the job has not ended.
absl::StatusOr<TrainingOutcome> ReadTrainingOutcome(const std::filesystem::path& folder);

// One line of progress.jsonl. Absent figures do not apply to the stage.
struct JobProgress {
  std::int64_t sequence = 0;  // from 1, without gaps, over all processes of the job
  std::string stage;          // read, train, evaluate, write, done
  std::string message;        // a sentence for people; may be empty
  int epoch = 0;
  int epochs = 0;
  int step = 0;
  int total_steps = 0;
  std::optional<double> loss = std::nullopt;
  std::optional<double> learning_rate = std::nullopt;
  std::optional<double> tokens_per_second = std::nullopt;
  std::optional<double> seconds = std::nullopt;
  std::optional<double> remaining_seconds = std::nullopt;
  std::optional<double> accuracy = std::nullopt;  // on the validation rows, at the end of an epoch
  std::optional<double> macro_f1 = std::nullopt;

  double Ratio() const {
    return total_steps > 0 ? static_cast<double>(step) / static_cast<double>(total_steps) : 0.0;
  }
};

// Appends lines; numbers them on from what is there. A torn last line, left by a crash, is cut off.
class JobProgressWriter {
 public:
  static absl::StatusOr<JobProgressWriter> Open(const std::filesystem::path& folder);
  JobProgressWriter(JobProgressWriter&& other) noexcept;
  JobProgressWriter& operator=(JobProgressWriter&& other) = delete;
  ~JobProgressWriter();

  // Sets the sequence. Progress is not worth ending a run for: a full disk loses lines only.
  void Write(JobProgress progress);

 private:
  JobProgressWriter(int file, std::int64_t last, std::int64_t bytes)
      : file_(file), last_(last), bytes_(bytes) {}

  int file_;
  std::int64_t last_;   // sequence
  std::int64_t bytes_;  // of whole lines
};

// Reads the lines as they come. Not thread-safe.
class JobProgressReader {
 public:
  // Goes on behind the line `sequence`.
  explicit JobProgressReader(const std::filesystem::path& folder, std::int64_t sequence = 0);

  // The next whole lines, at most `most`; none where there is no file yet. Lines that a crash of
  // the machine left unreadable are passed over.
  std::vector<JobProgress> Next(std::size_t most);

 private:
  const std::filesystem::path path_;
  std::int64_t skip_;        // lines
  std::int64_t line_ = 0;    // lines read
  std::int64_t offset_ = 0;  // bytes of them
};

}  // namespace guichet
