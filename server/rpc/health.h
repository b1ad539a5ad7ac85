#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/health_check_service_interface.h>

#include "base/mutex.h"

namespace guichet {

// What grpc.health.v1 says of this server: "" and each service by its full name are SERVING while
// requests are answered; "liveness" is SERVING as long as the process answers at all. Thread-safe.
// Attach to the server's default health service once the server listens; the server outlives it or
// Detach comes first.
class ServiceHealth {
 public:
  explicit ServiceHealth(std::vector<std::string> services) : services_(std::move(services)) {}

  // Publishes all names as SERVING.
  void Attach(grpc::HealthCheckServiceInterface* service);
  void Detach();

  // A device that fails every batch makes the server NOT_SERVING; one good batch brings it back.
  void SetDeviceHealthy(bool healthy);
  // NOT_SERVING for good, liveness aside: watchers are told at once.
  void Drain();

  bool serving() const { return serving_.load(); }

 private:
  void Publish() GUICHET_REQUIRES(mutex_);

  const std::vector<std::string> services_;
  Mutex mutex_;
  grpc::HealthCheckServiceInterface* service_ GUICHET_GUARDED_BY(mutex_) = nullptr;
  bool device_healthy_ GUICHET_GUARDED_BY(mutex_) = true;
  bool draining_ GUICHET_GUARDED_BY(mutex_) = false;
  std::atomic<bool> serving_{false};
};

}  // namespace guichet
