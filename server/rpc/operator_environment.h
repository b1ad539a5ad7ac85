#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "server/base/work_pool.h"
#include "server/feedback/feedback_log.h"
#include "server/jobs/dataset_store.h"
#include "server/jobs/job_manager.h"
#include "server/registry/version_control.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/rpc_environment.h"

namespace guichet {

// What an operator's calls work with. Owned by the server; outlives the services and their calls.
struct OperatorEnvironment {
  RpcEnvironment& rpc;
  Database& database;
  VersionControl& versions;
  JobManager* jobs = nullptr;                     // null: this server trains nothing
  DatasetStore* datasets = nullptr;               // null together with jobs
  FeedbackLog* feedback = nullptr;                // null together with jobs
  std::string dataset_roots = {};                 // as training.dataset_roots
  std::chrono::milliseconds upload_idle_timeout;  // as training.upload_idle_timeout
  OpenStreams& streams;                           // watches and uploads
  WorkPool& scans;                                // calls that read a data set to its end
  WorkPool& reads;                                // calls that wait for the disk
  WorkPool& changes;  // calls that move the pointer or delete: they may wait for a model's load
};

// FAILED_PRECONDITION: this server has neither jobs nor data sets.
inline absl::Status CheckTrains(const OperatorEnvironment& environment) {
  if (environment.jobs != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this server trains nothing: training.folder is not set in its configuration");
}

}  // namespace guichet
