#include "server/rpc/health.h"

#include <utility>

namespace guichet {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

constexpr const char* kLiveness = "liveness";

}  // namespace

// One Watch call: reports the state at the start and whenever it has changed. Guarded by the
// service's mutex; gRPC never runs a reaction inside StartWrite or Finish, so they are called under
// it. Frees itself in OnDone.
class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  Watcher(HealthService& health, std::string service)
      : health_(health), service_(std::move(service)) {
    const MutexLock lock(health_.mutex_);
    health_.watchers_.insert(this);
    Proceed();
  }

  void OnWriteDone(bool ok) override {
    const MutexLock lock(health_.mutex_);
    writing_ = false;
    gone_ = gone_ || !ok;
    Proceed();
  }
  void OnCancel() override {
    const MutexLock lock(health_.mutex_);
    gone_ = true;
    Proceed();
  }
  void OnDone() override {
    {
      const MutexLock lock(health_.mutex_);
      health_.watchers_.erase(this);
    }
    delete this;
  }

  // Starts whatever may start now: the next report, or the end. Under the service's mutex, which
  // the analysis cannot tell to be the one that callers hold.
  void Proceed() GUICHET_ATTRIBUTE(no_thread_safety_analysis) {
    if (writing_ || finished_) return;
    const State state = health_.StateOf(service_);
    if (!gone_ && state != reported_) {
      writing_ = true;
      reported_ = state;
      response_.set_status(state);
      StartWrite(&response_);
    } else if (gone_) {
      finished_ = true;
      Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the watcher has gone"));
    } else if (health_.watches_end_) {
      finished_ = true;
      Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is shutting down"));
    }
  }

 private:
  HealthService& health_;
  const std::string service_;
  HealthCheckResponse response_;
  State reported_ = HealthCheckResponse::UNKNOWN;  // never a state of ours
  bool writing_ = false;
  bool gone_ = false;
  bool finished_ = false;
};

HealthService::HealthService(const std::vector<std::string>& services) {
  const MutexLock lock(mutex_);
  states_[""] = HealthCheckResponse::NOT_SERVING;
  for (const std::string& service : services) states_[service] = HealthCheckResponse::NOT_SERVING;
  states_[kLiveness] = HealthCheckResponse::SERVING;
}

void HealthService::Start() {
  const MutexLock lock(mutex_);
  started_ = true;
  Publish();
}

void HealthService::SetDeviceHealthy(bool healthy) {
  const MutexLock lock(mutex_);
  device_healthy_ = healthy;
  Publish();
}

void HealthService::Drain() {
  const MutexLock lock(mutex_);
  draining_ = true;
  Publish();
}

void HealthService::EndWatches() {
  const MutexLock lock(mutex_);
  watches_end_ = true;
  Publish();
}

void HealthService::Publish() {
  const bool serving = started_ && device_healthy_ && !draining_;
  serving_.store(serving);
  for (auto& [service, state] : states_) {
    if (service == kLiveness) continue;
    state = serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
  }
  for (Watcher* watcher : watchers_) watcher->Proceed();
}

HealthService::State HealthService::StateOf(const std::string& service) const {
  const auto known = states_.find(service);
  return known == states_.end() ? HealthCheckResponse::SERVICE_UNKNOWN : known->second;
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  State state = HealthCheckResponse::UNKNOWN;
  {
    const MutexLock lock(mutex_);
    state = StateOf(request->service());
  }
  if (state == HealthCheckResponse::SERVICE_UNKNOWN) {
    reactor->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service"));
  } else {
    response->set_status(state);
    reactor->Finish(grpc::Status::OK);
  }
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* /*context*/, const HealthCheckRequest* request) {
  return new Watcher(*this, request->service());
}

}  // namespace guichet
