#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace guichet {

// Section `training` of the configuration: teaching new versions beside the service. Ranges and
// meanings stand in config_table_operations.cc.
struct TrainingOptions {
  std::string folder;             // database, data sets, jobs and versions; empty: no training
  std::string dataset_roots;      // folders whose files callers may name, separated by ':'
  std::string trainer;            // the program; empty: guichet-trainer beside this one
  std::string priority = "idle";  // of its process: idle, low, normal
  std::string track;              // where runs are tracked; model/tracking/tracking_options.h
  int threads = 0;                // of a job whose plan does not say; 0: all cores
  std::size_t max_queued_jobs = 16;
  std::size_t max_dataset_size = std::size_t{256} << 20;  // bytes of one upload
  std::size_t max_datasets_size = std::size_t{4} << 30;   // bytes of all uploads
  std::chrono::milliseconds upload_idle_timeout{60'000};  // between two messages of an upload
  std::chrono::milliseconds checkpoint_interval{60'000};
  int max_crashes = 3;             // of a trainer that gets no further in between
  std::size_t keep_versions = 10;  // newest ones kept of those that jobs made
};

}  // namespace guichet
