#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>

namespace guichet {

// torch's process-wide settings during a session; restores what was there.
class TorchSettings {
 public:
  explicit TorchSettings(int threads)
      : deterministic_(at::globalContext().deterministicAlgorithms()),
        warn_only_(at::globalContext().deterministicAlgorithmsWarnOnly()),
        fill_(at::globalContext().deterministicFillUninitializedMemory()),
        threads_(at::get_num_threads()) {
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
    // Filling new memory would cost a pass over every activation; nothing here reads it unwritten.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    if (threads > 0) at::set_num_threads(threads);
  }
  TorchSettings(const TorchSettings&) = delete;
  TorchSettings& operator=(const TorchSettings&) = delete;
  ~TorchSettings() {
    at::globalContext().setDeterministicAlgorithms(deterministic_, warn_only_);
    at::globalContext().setDeterministicFillUninitializedMemory(fill_);
    at::set_num_threads(threads_);
  }

 private:
  const bool deterministic_;
  const bool warn_only_;
  const bool fill_;
  const int threads_;
};

// Computes in bf16 what torch's autocast holds safe, while it lives.
class Autocast {
 public:
  Autocast(at::DeviceType device, bool use) : device_(device), use_(use) {
    if (!use_) return;
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, true);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
  ~Autocast() {
    if (!use_) return;
    at::autocast::set_autocast_enabled(device_, false);
    at::autocast::clear_cache();
  }

 private:
  const at::DeviceType device_;
  const bool use_;
};

}  // namespace guichet
