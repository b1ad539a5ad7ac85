#pragma once

#include <string>

namespace guichet {

// Where and how a model runs.
struct DeviceOptions {
  std::string device = "auto";  // auto (cuda when there is one), cpu, cuda, cuda:N
  std::string dtype = "auto";   // auto (bf16 on cuda, fp32 on cpu), fp32, bf16, int8 (cpu only)
};

}  // namespace guichet
