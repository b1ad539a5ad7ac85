#include "server/telemetry/request_metrics.h"

#include <utility>

namespace guichet {
namespace {

constexpr std::array<std::string_view, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::size_t CodeIndex(absl::StatusCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodeNames.size() ? index : static_cast<std::size_t>(absl::StatusCode::kUnknown);
}

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string_view CodeName(absl::StatusCode code) { return kCodeNames[CodeIndex(code)]; }

MethodMetrics::MethodMetrics(prometheus::Registry& registry, const std::string& service,
                             const std::string& method)
    : service_(service), method_(method) {
  auto& requests = CounterFamily(registry, "requests_total",
                                 "Calls answered, by service, method and status code.");
  for (std::size_t code = 0; code < kCodes; ++code) {
    requests_[code] = &requests.Add(
        {{"service", service}, {"method", method}, {"code", std::string(kCodeNames[code])}});
  }
  duration_ = &HistogramFamily(registry, "request_duration_seconds",
                               "Time from a call's arrival to its answer; for StreamClassify of "
                               "the whole stream.")
                   .Add({{"method", method}}, LatencyBuckets());
  in_flight_ = &GaugeFamily(registry, "requests_in_flight", "Calls being answered.")
                    .Add({{"method", method}});
}

void MethodMetrics::OnEnd(absl::StatusCode code, std::chrono::nanoseconds duration) {
  requests_[CodeIndex(code)]->Increment();
  duration_->Observe(Seconds(duration));
  in_flight_->Decrement();
}

}  // namespace guichet
