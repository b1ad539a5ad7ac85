#pragma once

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <grpcpp/support/server_callback.h>

#include "base/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace guichet {

// grpc.health.v1 of this server: "" and each service by its full name are SERVING while requests
// are answered; "liveness" is SERVING as long as the process answers at all. gRPC's own
// implementation is not used: its watches keep a server from shutting down, and one that is
// cancelled while a state changes can abort the process (gRPC 1.51). Thread-safe; outlives the gRPC
// server.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // Until Start everything but liveness is NOT_SERVING.
  explicit HealthService(const std::vector<std::string>& services);

  void Start();
  // A device that fails every batch makes the server NOT_SERVING; good batches bring it back.
  void SetDeviceHealthy(bool healthy);
  // NOT_SERVING for good, liveness aside: watchers are told at once.
  void Drain();
  // Ends every watch, now and later, once it has been told the last state.
  void EndWatches();

  bool serving() const { return serving_.load(); }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  using State = grpc::health::v1::HealthCheckResponse::ServingStatus;
  class Watcher;

  void Publish() GUICHET_REQUIRES(mutex_);
  State StateOf(const std::string& service) const GUICHET_REQUIRES(mutex_);

  Mutex mutex_;
  std::map<std::string, State> states_ GUICHET_GUARDED_BY(mutex_);  // by service
  std::set<Watcher*> watchers_ GUICHET_GUARDED_BY(mutex_);
  bool started_ GUICHET_GUARDED_BY(mutex_) = false;
  bool device_healthy_ GUICHET_GUARDED_BY(mutex_) = true;
  bool draining_ GUICHET_GUARDED_BY(mutex_) = false;
  bool watches_end_ GUICHET_GUARDED_BY(mutex_) = false;
  std::atomic<bool> serving_{false};
};

}  // namespace guichet
