#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace guichet {

// A bearer token kept in a file that others may replace while we run (Kubernetes renews service
// account tokens so). Safe from any thread.
class TokenFile {
 public:
  explicit TokenFile(std::filesystem::path path, const Clock& clock = Clock::System());

  // The token without surrounding white space; looked at again every kCheckInterval. NOT_FOUND or
  // INVALID_ARGUMENT when there never was a usable one; a file that becomes unreadable later leaves
  // the last token in use.
  absl::StatusOr<std::string> Token();

  static constexpr std::chrono::seconds kCheckInterval{10};

 private:
  const std::filesystem::path path_;
  const Clock& clock_;

  Mutex mutex_;
  std::string token_ GUICHET_GUARDED_BY(mutex_);
  SteadyTime checked_ GUICHET_GUARDED_BY(mutex_);
};

// The token file at `path`, read once so that a wrong path shows now and not at the first call;
// null when `path` is empty. Errors as Token's.
absl::StatusOr<std::unique_ptr<TokenFile>> OpenTokenFile(const std::string& path);

}  // namespace guichet
