#pragma once

#include "guichet/v1/classification.grpc.pb.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/rpc_environment.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {

// guichet.v1.Classification on the callback API. Never blocks a callback thread.
class ClassificationService final
    : public v1::Classification::WithRawCallbackMethod_Classify<
          v1::Classification::WithRawCallbackMethod_StreamClassify<v1::Classification::Service>> {
 public:
  // Both outlive the service.
  ClassificationService(RpcEnvironment& environment, prometheus::Registry& metrics);

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamClassify(
      grpc::CallbackServerContext* context) override;

  // Ends open streams with UNAVAILABLE once what they sent is answered; unary calls end by
  // themselves.
  void Drain() { streams_.Drain(); }

 private:
  RpcEnvironment& environment_;
  MethodMetrics classify_;
  MethodMetrics stream_classify_;
  OpenStreams streams_;
};

}  // namespace guichet
