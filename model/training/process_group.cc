#include "model/training/process_group.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

#include <ATen/Context.h>
#include <ATen/ops/from_blob.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/training/process_group_state.h"
#ifdef GUICHET_GLOO
// Without this macro the next header is empty.
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef GUICHET_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace guichet {
namespace {

// How long a process may be silent: a dead machine sends no word of its end.
constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(50);

#ifdef GUICHET_GLOO
c10::intrusive_ptr<c10d::Backend> MakeGloo(const c10::intrusive_ptr<c10d::Store>& store,
                                           const LaunchPlace& place) {
  auto options = c10d::ProcessGroupGloo::Options::create(kTimeout);
  // The address by which the others reach this machine.
  const bool local = place.master_address == "127.0.0.1" || place.master_address == "localhost";
  options->devices.push_back(local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                   : c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.world_size, options);
}
#else
c10::intrusive_ptr<c10d::Backend> MakeGloo(const c10::intrusive_ptr<c10d::Store>&,
                                           const LaunchPlace&) {
  throw std::runtime_error("this build is without Gloo: install libgloo-dev and build again");
}
#endif

#ifdef GUICHET_NCCL
constexpr bool kNccl = true;
c10::intrusive_ptr<c10d::Backend> MakeNccl(const c10::intrusive_ptr<c10d::Store>& store,
                                           const LaunchPlace& place) {
  // A peer that is gone is to be thrown at the one who waits for it; else NCCL's own thread would
  // end the process, and nobody would say why.
  ::setenv("TORCH_NCCL_BLOCKING_WAIT", "1", /*overwrite=*/0);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = kTimeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place.rank, place.world_size, options);
}
#else
constexpr bool kNccl = false;
c10::intrusive_ptr<c10d::Backend> MakeNccl(const c10::intrusive_ptr<c10d::Store>&,
                                           const LaunchPlace&) {
  throw std::runtime_error("this build is without NCCL");
}
#endif

}  // namespace

absl::Status PeerLost(const std::exception& error) {
  const std::string text = error.what();
  return absl::UnavailableError(absl::StrCat(
      "a process of this run is gone or does not answer; start all of them again, the run resumes "
      "from its last checkpoint (",
      text.substr(0, text.find('\n')), ")"));
}

absl::StatusOr<std::unique_ptr<ProcessGroup>> ProcessGroup::Join(const LaunchPlace& place) {
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(place.master_port);
    options.isServer = place.rank == 0;
    options.numWorkers = static_cast<std::size_t>(place.world_size);
    options.timeout = kTimeout;
    auto state = std::make_unique<State>();
    state->store = c10::make_intrusive<c10d::TCPStore>(place.master_address, options);
    state->group =
        c10::make_intrusive<c10d::ProcessGroup>(state->store, place.rank, place.world_size);
    state->group->setBackend(at::kCPU, c10d::ProcessGroup::BackendType::GLOO,
                             MakeGloo(state->store, place));
    if (ReachesGpus()) {
      state->group->setBackend(
          at::kCUDA, c10d::ProcessGroup::BackendType::NCCL,
          MakeNccl(c10::make_intrusive<c10d::PrefixStore>("nccl", state->store), place));
    }
    state->group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
    return std::unique_ptr<ProcessGroup>(new ProcessGroup(place, std::move(state)));
  } catch (const std::exception& error) {
    return PeerLost(error);
  }
}

ProcessGroup::ProcessGroup(LaunchPlace place, std::unique_ptr<State> state)
    : place_(std::move(place)), state_(std::move(state)) {}
ProcessGroup::~ProcessGroup() = default;

bool ProcessGroup::ReachesGpus() { return kNccl && at::hasCUDA(); }

absl::Status ProcessGroup::Sum(std::span<float> values) {
  if (values.empty()) return absl::OkStatus();
  try {
    std::vector<at::Tensor> tensors = {
        at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kFloat)};
    state_->group->allreduce(tensors)->wait();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return PeerLost(error);
  }
}

absl::StatusOr<bool> ProcessGroup::Any(bool mine) {
  float flag = mine ? 1.0F : 0.0F;
  GUICHET_RETURN_IF_ERROR(Sum(std::span(&flag, 1)));
  return flag > 0.0F;
}

absl::Status ProcessGroup::CheckSame(const std::string& what, const std::string& text) {
  const std::string key = absl::StrCat("guichet/", what);
  try {
    if (rank() == 0) {
      state_->store->set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
    }
    const std::vector<std::uint8_t> first = state_->store->get(key);
    if (std::string(first.begin(), first.end()) == text) return absl::OkStatus();
  } catch (const std::exception& error) {
    return PeerLost(error);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("process ", rank(), " was started with another ", what,
                   " than process 0; give all of them the same job folder"));
}

}  // namespace guichet
