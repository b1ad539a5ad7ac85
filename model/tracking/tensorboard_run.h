#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "model/tracking/run_tracker.h"

namespace guichet {

// A run as TensorBoard reads it: the folder `ROOT/NAME-ID` with an event file of its own for each
// process. A resumed run's file says from where on it stands for what files before it hold.
class TensorboardRun : public RunTracker {
 public:
  explicit TensorboardRun(std::filesystem::path root) : root_(std::move(root)) {}
  ~TensorboardRun() override;
  TensorboardRun(const TensorboardRun&) = delete;
  TensorboardRun& operator=(const TensorboardRun&) = delete;

  absl::Status Start(const TrackedRun& run) override;
  absl::Status Log(std::span<const TrackedRow> rows, std::size_t& logged) override;
  // Figures of the summary become curves of one point, named summary/….
  absl::Status Finish(RunEnd end, std::span<const TrackedValue> summary) override;

 private:
  void Close();

  const std::filesystem::path root_;
  std::filesystem::path path_;
  int file_ = -1;
  std::int64_t size_ = 0;  // bytes, all of whole records
  bool restarts_ = false;  // a resumed run whose first row is still to come
  std::int64_t step_ = 0;  // of the last row
  WallTime time_{};        // of the last row
};

}  // namespace guichet
