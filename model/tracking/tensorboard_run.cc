#include "model/tracking/tensorboard_run.h"

#include <cerrno>
#include <chrono>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/tracking/append_file.h"
#include "model/tracking/host_name.h"
#include "model/tracking/tensorboard_records.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using tensorboard::Frame;

// A run's folder is one name below the root, whatever people call the run.
std::string FolderName(const TrackedRun& run) {
  std::string name = run.name.empty() ? run.id : run.name + "-" + run.id;
  for (char& byte : name) {
    if (byte == '/' || static_cast<unsigned char>(byte) < 0x20U) byte = '_';
  }
  if (name[0] == '.') name[0] = '_';
  return name;
}

// Readers take a folder's files in the order of their names. In containers processes that follow
// each other within a second may have the same number.
fs::path NewFileIn(const fs::path& folder, WallTime now) {
  std::error_code ignored;
  for (int number = 0;; ++number) {
    const fs::path path = folder / fmt::format("events.out.tfevents.{:010d}.{}.{}.{}",
                                               std::chrono::system_clock::to_time_t(now),
                                               HostName(), ::getpid(), number);
    if (!fs::exists(path, ignored)) return path;
  }
}

}  // namespace

TensorboardRun::~TensorboardRun() { Close(); }

void TensorboardRun::Close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

absl::Status TensorboardRun::Start(const TrackedRun& run) {
  Close();
  const fs::path folder = root_ / FolderName(run);
  GUICHET_RETURN_IF_ERROR(MakeFolders(folder));
  const WallTime now = Clock::System().WallNow();
  path_ = NewFileIn(folder, now);
  GUICHET_ASSIGN_OR_RETURN(file_, OpenToAppend(path_, O_EXCL));
  size_ = 0;
  restarts_ = run.resumed;
  time_ = now;
  std::string bytes = Frame(tensorboard::VersionEvent(now));
  if (!run.resumed) {
    bytes += Frame(tensorboard::SessionStartEvent(now, run));
    bytes += Frame(tensorboard::TextEvent(now, "plan", fmt::format("```yaml\n{}```\n", run.plan)));
  }
  return AppendWhole(file_, bytes, size_, path_);
}

absl::Status TensorboardRun::Log(std::span<const TrackedRow> rows, std::size_t& logged) {
  if (rows.empty()) return absl::OkStatus();
  std::string bytes;
  if (restarts_) bytes += Frame(tensorboard::RestartEvent(rows[0].time, rows[0].step));
  for (const TrackedRow& row : rows) bytes += Frame(tensorboard::ScalarsEvent(row));
  GUICHET_RETURN_IF_ERROR(AppendWhole(file_, bytes, size_, path_));
  restarts_ = false;
  step_ = rows.back().step;
  time_ = rows.back().time;
  logged = rows.size();
  return absl::OkStatus();
}

absl::Status TensorboardRun::Finish(RunEnd end, std::span<const TrackedValue> summary) {
  TrackedRow row{.step = step_, .time = time_, .scalars = {}};
  for (const TrackedValue& value : summary) {
    const auto json = nlohmann::json::parse(value.json, nullptr, /*allow_exceptions=*/false);
    if (json.is_number()) row.scalars.push_back({"summary/" + value.key, json.get<double>()});
  }
  std::string bytes;
  if (!row.scalars.empty()) bytes += Frame(tensorboard::ScalarsEvent(row));
  if (end != RunEnd::kSuspended) bytes += Frame(tensorboard::SessionEndEvent(time_, step_, end));
  GUICHET_RETURN_IF_ERROR(AppendWhole(file_, bytes, size_, path_));
  return ::fsync(file_) == 0 ? absl::OkStatus() : FileError("sync", path_, errno);
}

}  // namespace guichet
