#pragma once

#include <cstdint>
#include <string_view>

#include "model/finetuning/training_job.h"
#include "server/store/job_table.h"

namespace guichet {

// Is told what happens to jobs. Thread-safe; quick.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void OnJobCount(JobState state, std::int64_t jobs) = 0;
  virtual void OnJobProgress(const JobProgress& progress) = 0;
  // A job's candidate was judged: "PROMOTE", "HOLD" or "REJECT".
  virtual void OnVerdict(std::string_view verdict) = 0;
};

}  // namespace guichet
