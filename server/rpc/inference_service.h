#pragma once

#include <functional>
#include <string>

#include "inference/open_inference.grpc.pb.h"
#include "server/rpc/rpc_environment.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {

// The Open Inference Protocol, version 2, over the same calls as guichet.v1. Never blocks a
// callback thread.
class InferenceService final
    : public inference::GRPCInferenceService::WithRawCallbackMethod_ModelInfer<
          inference::GRPCInferenceService::CallbackService> {
 public:
  // All outlive the service. `ready` says whether the server answers requests now.
  InferenceService(RpcEnvironment& environment, prometheus::Registry& metrics,
                   std::function<bool()> ready, std::string server_version);

  grpc::ServerUnaryReactor* ServerLive(grpc::CallbackServerContext* context,
                                       const inference::ServerLiveRequest* request,
                                       inference::ServerLiveResponse* response) override;
  grpc::ServerUnaryReactor* ServerReady(grpc::CallbackServerContext* context,
                                        const inference::ServerReadyRequest* request,
                                        inference::ServerReadyResponse* response) override;
  grpc::ServerUnaryReactor* ModelReady(grpc::CallbackServerContext* context,
                                       const inference::ModelReadyRequest* request,
                                       inference::ModelReadyResponse* response) override;
  grpc::ServerUnaryReactor* ServerMetadata(grpc::CallbackServerContext* context,
                                           const inference::ServerMetadataRequest* request,
                                           inference::ServerMetadataResponse* response) override;
  grpc::ServerUnaryReactor* ModelMetadata(grpc::CallbackServerContext* context,
                                          const inference::ModelMetadataRequest* request,
                                          inference::ModelMetadataResponse* response) override;
  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;

 private:
  RpcEnvironment& environment_;
  const std::function<bool()> ready_;
  const std::string server_version_;
  MethodMetrics server_live_;
  MethodMetrics server_ready_;
  MethodMetrics model_ready_;
  MethodMetrics server_metadata_;
  MethodMetrics model_metadata_;
  MethodMetrics model_infer_;
};

}  // namespace guichet
