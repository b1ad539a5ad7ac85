#include "model/training/launch_place.h"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr int kMostProcesses = 1024;
constexpr int kLargestPort = 65535;

// Names of the variables of one launcher.
struct Launcher {
  const char* rank;
  const char* world_size;
  const char* master_address;
  const char* master_port;
};
constexpr Launcher kTorchrun{"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"};
constexpr Launcher kKubeflow{"PET_NODE_RANK", "PET_NNODES", "PET_MASTER_ADDR", "PET_MASTER_PORT"};
constexpr const char* kLocalRank = "LOCAL_RANK";
constexpr const char* kProcessesPerNode = "PET_NPROC_PER_NODE";

using GetVariable = std::function<const char*(const char*)>;

absl::StatusOr<int> ReadNumber(const GetVariable& get, const char* name, int min, int max) {
  const char* text = get(name);
  if (text == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not set; the launcher of many processes must set it", name));
  }
  const std::string_view digits(text);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < min || value > max) {
    return absl::InvalidArgumentError(
        fmt::format("{} is '{}'; it must be a whole number from {} to {}", name, digits, min, max));
  }
  return value;
}

}  // namespace

absl::StatusOr<std::optional<LaunchPlace>> PlaceFromEnvironment(const GetVariable& get) {
  const bool torchrun = get(kTorchrun.world_size) != nullptr;
  if (!torchrun && get(kKubeflow.world_size) == nullptr) return std::nullopt;
  const Launcher& names = torchrun ? kTorchrun : kKubeflow;
  const char* per_node = get(kProcessesPerNode);
  if (!torchrun && per_node != nullptr && std::string_view(per_node) != "1" &&
      std::string_view(per_node) != "auto") {
    return absl::InvalidArgumentError(fmt::format(
        "{} is '{}'; set it to 1: the threads of one process use all of a machine's cores",
        kProcessesPerNode, per_node));
  }
  LaunchPlace place;
  GUICHET_ASSIGN_OR_RETURN(place.world_size, ReadNumber(get, names.world_size, 1, kMostProcesses));
  if (place.world_size == 1) return std::nullopt;
  GUICHET_ASSIGN_OR_RETURN(place.rank, ReadNumber(get, names.rank, 0, place.world_size - 1));
  if (torchrun && get(kLocalRank) != nullptr) {
    GUICHET_ASSIGN_OR_RETURN(place.local_rank, ReadNumber(get, kLocalRank, 0, place.rank));
  }
  GUICHET_ASSIGN_OR_RETURN(place.master_port, ReadNumber(get, names.master_port, 1, kLargestPort));
  const char* address = get(names.master_address);
  if (address == nullptr || *address == '\0') {
    return absl::InvalidArgumentError(
        fmt::format("{} is not set; it must name process 0's machine", names.master_address));
  }
  place.master_address = address;
  return place;
}

}  // namespace guichet
