#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "model/tracking/run_tracker.h"
#include "model/tracking/wandb_log.h"

namespace guichet {

// A run of Weights & Biases without its service: the folder
// `ROOT/wandb/offline-run-YYYYMMDD_HHMMSS-ID` with `run-ID.wandb`, which `wandb sync` uploads. A
// resumed run goes on in the same file, and updates that are there already are not written again.
class WandbOfflineRun : public RunTracker {
 public:
  explicit WandbOfflineRun(std::filesystem::path root) : root_(std::move(root)) {}

  absl::Status Start(const TrackedRun& run) override;
  absl::Status Log(std::span<const TrackedRow> rows, std::size_t& logged) override;
  absl::Status Finish(RunEnd end, std::span<const TrackedValue> summary) override;

 private:
  absl::Status OpenLog(const std::filesystem::path& path);

  const std::filesystem::path root_;
  std::unique_ptr<WandbLog> log_;
  WallTime started_{};
  WallTime last_time_{};
  bool described_ = false;                 // the file holds the run's record
  std::int64_t records_ = 0;               // written so far
  std::optional<std::int64_t> last_step_;  // written so far
};

}  // namespace guichet
