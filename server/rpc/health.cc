#include "server/rpc/health.h"

namespace guichet {

void ServiceHealth::Attach(grpc::HealthCheckServiceInterface* service) {
  const MutexLock lock(mutex_);
  service_ = service;
  if (service_ != nullptr) service_->SetServingStatus("liveness", true);
  Publish();
}

void ServiceHealth::Detach() {
  const MutexLock lock(mutex_);
  service_ = nullptr;
  serving_.store(false);
}

void ServiceHealth::SetDeviceHealthy(bool healthy) {
  const MutexLock lock(mutex_);
  if (device_healthy_ == healthy) return;
  device_healthy_ = healthy;
  Publish();
}

void ServiceHealth::Drain() {
  const MutexLock lock(mutex_);
  draining_ = true;
  Publish();
}

void ServiceHealth::Publish() {
  const bool serving = service_ != nullptr && device_healthy_ && !draining_;
  serving_.store(serving);
  if (service_ == nullptr) return;
  service_->SetServingStatus("", serving);
  for (const std::string& name : services_) service_->SetServingStatus(name, serving);
}

}  // namespace guichet
