#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace guichet {

// Which of how many processes of one run this is, and where they meet.
struct LaunchPlace {
  int rank = 0;  // from 0; process 0 writes what the run leaves
  int world_size = 1;
  int local_rank = 0;                        // from 0, among those of this machine: its GPU
  std::string master_address = "127.0.0.1";  // of process 0's machine
  int master_port = 29500;
};

// From torchrun's variables RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT and LOCAL_RANK (0 when
// unset), else from Kubeflow Trainer's PET_NNODES, PET_NODE_RANK, PET_NPROC_PER_NODE (1: the
// threads of one process use all of a machine), PET_MASTER_ADDR and PET_MASTER_PORT. Nothing when
// there are none of them, or one process alone. `get` reads an environment variable, null when
// unset. INVALID_ARGUMENT names the variable.
absl::StatusOr<std::optional<LaunchPlace>> PlaceFromEnvironment(
    const std::function<const char*(const char*)>& get);

}  // namespace guichet
