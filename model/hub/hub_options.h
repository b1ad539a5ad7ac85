#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

// Where a hub is, where what it gave is kept, and what a pull may cost.
struct HubOptions {
  std::string endpoint = "https://huggingface.co";  // HF_ENDPOINT, without a slash at its end
  std::string token = {};                           // HF_TOKEN, or the token file's; empty: none
  std::filesystem::path cache = {};                 // …/hub, shared with Python's huggingface_hub
  bool offline = false;                             // HF_HUB_OFFLINE: only the cache counts
  std::string ca_file = {};  // SSL_CERT_FILE, CURL_CA_BUNDLE; empty: the system's authorities

  // A request that fails in a way that may pass is made again after `retry_wait`, then twice as
  // long each time up to `max_retry_wait`; a download that moved on meanwhile starts to count anew.
  int retries = 4;                                   // 0 to 100
  std::chrono::milliseconds retry_wait{1'000};       // 0 to 600,000
  std::chrono::milliseconds max_retry_wait{30'000};  // 0 to 600,000; also of what a server asks for
  // A server that sends fewer bytes a second for as long has stalled.
  long min_bytes_per_second = 1'024;                  // 1 to 1,000,000
  std::chrono::seconds stall_time{30};                // 1 to 3,600
  std::chrono::milliseconds connect_timeout{10'000};  // 1 to 600,000
  std::chrono::seconds lock_wait{3'600};              // 0 to 86,400; for another pull's file

  // INVALID_ARGUMENT names the first number that is out of its range.
  absl::Status Validate() const;
};

// What the environment says, as huggingface_hub reads it: HF_ENDPOINT, HF_TOKEN,
// HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH, HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME,
// XDG_CACHE_HOME, HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE. INVALID_ARGUMENT names the variable.
using Environment = std::function<const char*(const char* name)>;
absl::StatusOr<HubOptions> HubOptionsFromEnvironment(const Environment& environment);
absl::StatusOr<HubOptions> HubOptionsFromEnvironment();

}  // namespace guichet
