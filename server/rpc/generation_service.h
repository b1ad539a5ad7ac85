#pragma once

#include "guichet/v1/generation.grpc.pb.h"
#include "server/rpc/generate_reactor.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {

// guichet.v1.Generation on the callback API.
class GenerationService final : public v1::Generation::CallbackService {
 public:
  // Both outlive the service.
  GenerationService(GenerationEnvironment& environment, prometheus::Registry& metrics)
      : environment_(environment),
        generate_(metrics, v1::Generation::service_full_name(), "Generate") {}

  grpc::ServerWriteReactor<v1::GenerateResponse>* Generate(
      grpc::CallbackServerContext* context, const v1::GenerateRequest* request) override {
    return GenerateReactor::Start(environment_, generate_, *context, *request);
  }

 private:
  GenerationEnvironment& environment_;
  MethodMetrics generate_;
};

}  // namespace guichet
