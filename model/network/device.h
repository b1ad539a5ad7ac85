#pragma once

#include <string>

#include <c10/core/Device.h>

#include "absl/status/statusor.h"

namespace guichet {

// "auto" (the first CUDA device when there is one, else the CPU), "cpu", "cuda" or "cuda:N".
// INVALID_ARGUMENT: another name; FAILED_PRECONDITION: no such device here.
absl::StatusOr<at::Device> ChooseDevice(const std::string& name);

}  // namespace guichet
