#pragma once

#include <exception>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/launch_place.h"

namespace guichet {

// UNAVAILABLE: what c10d threw because a process of the run is gone or silent.
absl::Status PeerLost(const std::exception& error);

// The processes that train one model together, data-parallel, over Gloo, and over NCCL what is on
// GPUs. All of them make the same calls in the same order. UNAVAILABLE from any call: a process is
// gone, or was silent for a minute; the run cannot go on, and started again it resumes from its
// checkpoint. Used by one thread.
class ProcessGroup {
 public:
  // Meets the others. UNAVAILABLE when they do not come within a minute, or when this libtorch, or
  // the build, is without Gloo.
  static absl::StatusOr<std::unique_ptr<ProcessGroup>> Join(const LaunchPlace& place);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return place_.rank; }
  int size() const { return place_.world_size; }
  int local_rank() const { return place_.local_rank; }
  // Whether this build and machine let tensors on GPUs meet.
  static bool ReachesGpus();

  // Each value becomes its sum over all processes, the same bits in each.
  absl::Status Sum(std::span<float> values);
  // True in all when it is true in one.
  absl::StatusOr<bool> Any(bool mine);
  // FAILED_PRECONDITION when this process's text is not process 0's: `what` differs.
  absl::Status CheckSame(const std::string& what, const std::string& text);

  struct State;  // seen by gradient_reducer.cc
  State& state() { return *state_; }

 private:
  ProcessGroup(LaunchPlace place, std::unique_ptr<State> state);
  const LaunchPlace place_;
  const std::unique_ptr<State> state_;
};

}  // namespace guichet
