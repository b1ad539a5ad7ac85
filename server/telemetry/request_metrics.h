#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/telemetry/metric_builders.h"

namespace guichet {

// The canonical name of a code as metrics and logs write it, e.g. "NOT_FOUND".
std::string_view CodeName(absl::StatusCode code);

// Counts and times the calls of one method. Made once at start; the registry outlives it.
// Thread-safe; looks nothing up.
class MethodMetrics {
 public:
  MethodMetrics(prometheus::Registry& registry, const std::string& service,
                const std::string& method);

  void OnStart() { in_flight_->Increment(); }
  void OnEnd(absl::StatusCode code, std::chrono::nanoseconds duration);

  const std::string& service() const { return service_; }
  const std::string& method() const { return method_; }

 private:
  static constexpr std::size_t kCodes = 17;  // OK to UNAUTHENTICATED

  std::string service_;
  std::string method_;
  std::array<prometheus::Counter*, kCodes> requests_{};  // by code
  prometheus::Histogram* duration_ = nullptr;
  prometheus::Gauge* in_flight_ = nullptr;
};

}  // namespace guichet
