#include "model/tracking/wandb_offline_run.h"

#include <chrono>
#include <ctime>
#include <system_error>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/tracking/append_file.h"
#include "model/tracking/host_name.h"
#include "model/tracking/wandb_records.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// Of the process, as W&B's own: an interrupted one ends with 255.
int ExitCodeOf(RunEnd end) {
  if (end == RunEnd::kFinished) return 0;
  return end == RunEnd::kKilled ? 255 : 1;
}

// The run's folder, or the one where an earlier process of it wrote.
fs::path RunFolder(const fs::path& parent, const TrackedRun& run) {
  const std::string ending = "-" + run.id;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("offline-run-") && name.ends_with(ending)) return entry.path();
  }
  const std::time_t seconds = std::chrono::system_clock::to_time_t(run.started);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return parent / fmt::format("offline-run-{:%Y%m%d_%H%M%S}{}", local, ending);
}

}  // namespace

absl::Status WandbOfflineRun::OpenLog(const fs::path& path) {
  auto resumed = WandbLog::Resume(path, [this](std::string_view record) {
    const wandb::RecordFacts facts = wandb::ReadRecord(record);
    if (facts.is_exit) return false;  // it goes on after all
    records_ = facts.number;
    described_ |= facts.is_run;
    if (facts.history_step) last_step_ = facts.history_step;
    return true;
  });
  if (resumed.ok()) {
    log_ = *std::move(resumed);
    // Uploaded already, it has to be uploaded again.
    std::error_code ignored;
    fs::remove(path.string() + ".synced", ignored);
    return absl::OkStatus();
  }
  if (!absl::IsNotFound(resumed.status()) && !absl::IsDataLoss(resumed.status())) {
    return resumed.status();
  }
  std::error_code ignored;
  fs::remove(path, ignored);  // not even a whole header
  GUICHET_ASSIGN_OR_RETURN(log_, WandbLog::Create(path));
  return absl::OkStatus();
}

absl::Status WandbOfflineRun::Start(const TrackedRun& run) {
  log_.reset();
  started_ = last_time_ = run.started;
  records_ = 0;
  described_ = false;
  last_step_.reset();
  const fs::path parent = root_ / "wandb";
  const fs::path folder = RunFolder(parent, run);
  // `wandb sync` writes to the first; W&B's own runs have the second.
  GUICHET_RETURN_IF_ERROR(MakeFolders(folder / "files"));
  GUICHET_RETURN_IF_ERROR(MakeFolders(folder / "logs"));
  GUICHET_RETURN_IF_ERROR(OpenLog(folder / fmt::format("run-{}.wandb", run.id)));
  if (!described_) {
    if (records_ == 0) log_->Append(wandb::HeaderRecord(++records_));
    log_->Append(wandb::RunRecord(++records_, run, HostName()));
    GUICHET_RETURN_IF_ERROR(log_->Flush());
    described_ = true;
  }
  std::error_code ignored;
  fs::remove(parent / "latest-run", ignored);
  fs::create_directory_symlink(folder.filename(), parent / "latest-run", ignored);
  return absl::OkStatus();
}

absl::Status WandbOfflineRun::Log(std::span<const TrackedRow> rows, std::size_t& logged) {
  std::int64_t records = records_;
  std::optional<std::int64_t> last_step = last_step_;
  for (const TrackedRow& row : rows) {
    if (last_step && row.step <= *last_step) continue;
    log_->Append(wandb::HistoryRecord(++records, row, started_));
    last_step = row.step;
  }
  GUICHET_RETURN_IF_ERROR(log_->Flush());
  records_ = records;
  last_step_ = last_step;
  if (!rows.empty()) last_time_ = rows.back().time;
  logged = rows.size();
  return absl::OkStatus();
}

absl::Status WandbOfflineRun::Finish(RunEnd end, std::span<const TrackedValue> summary) {
  if (end == RunEnd::kSuspended) return log_->Sync();
  std::int64_t records = records_;
  if (!summary.empty()) log_->Append(wandb::SummaryRecord(++records, summary));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(last_time_ - started_);
  log_->Append(wandb::ExitRecord(++records, ExitCodeOf(end), seconds.count()));
  log_->Append(wandb::FinalRecord(++records));
  log_->Append(wandb::FooterRecord(++records));
  return log_->Sync();
}

}  // namespace guichet
