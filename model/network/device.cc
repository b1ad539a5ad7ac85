#include "model/network/device.h"

#include <charconv>
#include <exception>

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "absl/strings/str_cat.h"

namespace guichet {

absl::StatusOr<at::Device> ChooseDevice(const std::string& name) {
  const bool has_cuda = at::hasCUDA();
  if (name == "cpu" || (name == "auto" && !has_cuda)) return at::Device(at::kCPU);
  int index = 0;
  if (name.starts_with("cuda:")) {
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + 5, end, index);
    if (error != std::errc() || stop != end || index < 0) index = -1;
  } else if (name != "auto" && name != "cuda") {
    index = -1;
  }
  if (index < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("device '", name, "' is not one of auto, cpu, cuda, cuda:N"));
  }
  const int count = has_cuda ? c10::impl::getDeviceGuardImpl(at::kCUDA)->deviceCount() : 0;
  if (index >= count) {
    return absl::FailedPreconditionError(
        absl::StrCat("device '", name, "': this machine offers ", count,
                     " CUDA devices to this build; use cpu or auto"));
  }
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

bool HasCuda() { return at::hasCUDA(); }

std::optional<std::int64_t> FreeDeviceMemory(at::Device device) {
  if (!device.is_cuda()) return std::nullopt;
  try {
    const auto [free, total] =
        c10::getDeviceAllocator(device.type())->getMemoryInfo(device.index());
    return static_cast<std::int64_t>(free);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace guichet
