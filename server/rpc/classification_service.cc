#include "server/rpc/classification_service.h"

#include "server/rpc/classification_messages.h"
#include "server/rpc/stream_classify_reactor.h"
#include "server/rpc/unary_classify_reactor.h"

namespace guichet {

ClassificationService::ClassificationService(RpcEnvironment& environment,
                                             prometheus::Registry& metrics)
    : environment_(environment),
      classify_(metrics, v1::Classification::service_full_name(), "Classify"),
      stream_classify_(metrics, v1::Classification::service_full_name(), "StreamClassify") {}

grpc::ServerUnaryReactor* ClassificationService::Classify(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request,
                                                          grpc::ByteBuffer* response) {
  return UnaryClassifyReactor<ClassificationProtocol>::Start(environment_, classify_, *context,
                                                             *request, response);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ClassificationService::StreamClassify(
    grpc::CallbackServerContext* context) {
  return StreamClassifyReactor::Start(environment_, stream_classify_, streams_, *context);
}

}  // namespace guichet
