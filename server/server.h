#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "model/inference/text_generator.h"
#include "server/config/server_config.h"
#include "server/pipeline/inference_pipeline.h"
#include "server/registry/model_registry.h"

namespace guichet {

// What the server gets from outside, so that tests run it over a fake model.
struct ServerParts {
  ModelLoader loader;
  InferencePipeline::WorkerStart on_worker_start;  // may be null
  // Of the model that section `generation` names; needed when it names one.
  std::function<absl::StatusOr<std::shared_ptr<const TextGenerator>>(
      const GenerationServiceOptions&)>
      generator_loader = {};
  const Clock* clock = &Clock::System();
  std::string version = "0";  // of the program, for build_info and the Open Inference Protocol
};

// The whole server, composed: registry, pipeline, services, ports. Start loads, warms and only then
// listens; Drain ends without losing an accepted call. Used by one thread, but for Reload.
class Server {
 public:
  // `config` is valid.
  Server(const ServerConfig& config, ServerParts parts);
  ~Server();  // Drain(0) when Drain has not been called
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Loads and warms the model, opens the HTTP port, then the gRPC port. On error nothing listens.
  absl::Status Start();

  // Health turns NOT_SERVING and stays reachable for `drain_notice`, so that clients and balancers
  // look elsewhere; then no new calls are taken and those accepted are answered, within `timeout`;
  // the rest fails UNAVAILABLE or CANCELLED. HTTP ends last. Returns when all is still.
  void Drain(std::chrono::milliseconds notice, std::chrono::milliseconds timeout);

  // Reads the certificates again; without TLS does nothing. On error the old ones stay. Any thread.
  absl::Status ReloadCertificates();

  // The ports that are open, also where the configuration says 0. 0: none.
  int grpc_port() const;
  int http_port() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace guichet
