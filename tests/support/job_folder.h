#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

#include "model/finetuning/training_job.h"

namespace guichet {

// The number of updates at a job's last checkpoint; 0: none yet.
inline int UpdatesOf(const std::filesystem::path& job) {
  int updates = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(job / kCheckpointFolder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("update-")) updates = std::max(updates, std::stoi(name.substr(7)));
  }
  return updates;
}

// False after a minute.
inline bool WaitForUpdatesAbove(const std::filesystem::path& job, int updates) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (UpdatesOf(job) <= updates) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace guichet
