#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "absl/status/statusor.h"

namespace guichet {

// "auto" (the first CUDA device when there is one, else the CPU), "cpu", "cuda" or "cuda:N".
// INVALID_ARGUMENT: another name; FAILED_PRECONDITION: no such device here.
absl::StatusOr<at::Device> ChooseDevice(const std::string& name);

// Whether this build and machine compute on CUDA devices.
bool HasCuda();

// Bytes that no process holds of a CUDA device's memory; absent for another device, and where
// libtorch does not say.
std::optional<std::int64_t> FreeDeviceMemory(at::Device device);

}  // namespace guichet
