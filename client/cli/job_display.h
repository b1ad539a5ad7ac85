#pragma once

#include <string>

#include "client/cli/progress_bar.h"
#include "client/operator_client.h"

namespace guichet {

// Shows a job while it is watched: steps as a bar, everything else as lines. Not thread-safe.
class JobDisplay {
 public:
  // The bar outlives it.
  explicit JobDisplay(ProgressBar& bar) : bar_(bar) {}

  void ShowEvent(const v1::WatchJobResponse& event);
  // The server is away and is tried again.
  void ShowLost(const absl::Status& error);

 private:
  void ShowProgress(const v1::JobProgress& progress);

  ProgressBar& bar_;
  v1::JobState state_ = v1::JOB_STATE_UNSPECIFIED;
  std::string stage_;
  bool lost_ = false;
};

// How a job that has ended did, and what to do now; e.g. "verdict PROMOTE: version 4 is in
// service".
std::string OutcomeSentence(const v1::Job& job);

}  // namespace guichet
