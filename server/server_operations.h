#pragma once

#include <memory>

#include <grpcpp/server_builder.h>
#include <prometheus/registry.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/config/server_config.h"
#include "server/registry/model_registry.h"
#include "server/rpc/rpc_environment.h"

namespace guichet {

// What operators do with the server, composed: database, versions, jobs, data sets, feedback, and
// the services Training, Models and Feedback. Without training.folder the database is in memory,
// the one version is the configured bundle, and nothing is trained. Used by one thread.
class ServerOperations {
 public:
  // All outlive it. FAILED_PRECONDITION: training.folder cannot be used, or another server uses it.
  static absl::StatusOr<std::unique_ptr<ServerOperations>> Open(const ServerConfig& config,
                                                                RpcEnvironment& rpc,
                                                                ModelRegistry& models,
                                                                prometheus::Registry& metrics);
  ~ServerOperations();  // StopJobs
  ServerOperations(const ServerOperations&) = delete;
  ServerOperations& operator=(const ServerOperations&) = delete;

  // Loads and warms the version in service.
  absl::Status LoadModel();
  void RegisterServices(grpc::ServerBuilder& builder);
  // Where answers go that may be worth a look; null: none are kept.
  PredictionRecorder* predictions();
  // Once the server listens: goes on with jobs.
  void Start();
  // Suspends the job at work; waits for it. Calls still come meanwhile. Any thread.
  void StopJobs();
  // Ends watches and uploads, now and later, with UNAVAILABLE.
  void EndStreams();

 private:
  struct State;
  explicit ServerOperations(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace guichet
