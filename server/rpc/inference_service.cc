#include "server/rpc/inference_service.h"

#include <utility>

#include "server/rpc/call_guard.h"
#include "server/rpc/inference_messages.h"
#include "server/rpc/unary_classify_reactor.h"

namespace guichet {
namespace {

using inference::GRPCInferenceService;

// A call that is answered at once.
template <typename Handler>
grpc::ServerUnaryReactor* AnswerNow(RpcEnvironment& environment, MethodMetrics& method,
                                    grpc::CallbackServerContext* context, Handler handler) {
  CallGuard guard(environment, method, *context);
  std::optional<CallError> error = guard.Admit();
  if (!error.has_value()) error = handler();
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(error.has_value() ? guard.Close(*error) : guard.Close());
  return reactor;
}

void DescribeTensor(const std::string& name, const std::string& datatype, bool table,
                    std::int64_t columns,
                    inference::ModelMetadataResponse::TensorMetadata* tensor) {
  tensor->set_name(name);
  tensor->set_datatype(datatype);
  tensor->add_shape(-1);
  if (table) tensor->add_shape(columns);
}

void DescribeModel(const LoadedVersion& model, const std::vector<std::int64_t>& versions,
                   inference::ModelMetadataResponse* response) {
  response->set_name(model.name);
  for (const std::int64_t version : versions) response->add_versions(std::to_string(version));
  response->set_platform("guichet_bart");
  const auto labels = static_cast<std::int64_t>(model.classifier->labels().size());
  DescribeTensor("text", "BYTES", false, 0, response->add_inputs());
  DescribeTensor("label", "BYTES", false, 0, response->add_outputs());
  DescribeTensor("score", "FP32", false, 0, response->add_outputs());
  DescribeTensor("labels", "BYTES", true, labels, response->add_outputs());
  DescribeTensor("scores", "FP32", true, labels, response->add_outputs());
  DescribeTensor("abstained", "BOOL", false, 0, response->add_outputs());
  DescribeTensor("tokens", "INT32", false, 0, response->add_outputs());
  DescribeTensor("truncated", "BOOL", false, 0, response->add_outputs());
}

}  // namespace

InferenceService::InferenceService(RpcEnvironment& environment, prometheus::Registry& metrics,
                                   std::function<bool()> ready, std::string server_version)
    : environment_(environment),
      ready_(std::move(ready)),
      server_version_(std::move(server_version)),
      server_live_(metrics, GRPCInferenceService::service_full_name(), "ServerLive"),
      server_ready_(metrics, GRPCInferenceService::service_full_name(), "ServerReady"),
      model_ready_(metrics, GRPCInferenceService::service_full_name(), "ModelReady"),
      server_metadata_(metrics, GRPCInferenceService::service_full_name(), "ServerMetadata"),
      model_metadata_(metrics, GRPCInferenceService::service_full_name(), "ModelMetadata"),
      model_infer_(metrics, GRPCInferenceService::service_full_name(), "ModelInfer") {}

grpc::ServerUnaryReactor* InferenceService::ServerLive(grpc::CallbackServerContext* context,
                                                       const inference::ServerLiveRequest*,
                                                       inference::ServerLiveResponse* response) {
  return AnswerNow(environment_, server_live_, context, [&]() -> std::optional<CallError> {
    response->set_live(true);
    return std::nullopt;
  });
}

grpc::ServerUnaryReactor* InferenceService::ServerReady(grpc::CallbackServerContext* context,
                                                        const inference::ServerReadyRequest*,
                                                        inference::ServerReadyResponse* response) {
  return AnswerNow(environment_, server_ready_, context, [&]() -> std::optional<CallError> {
    response->set_ready(ready_());
    return std::nullopt;
  });
}

grpc::ServerUnaryReactor* InferenceService::ModelReady(grpc::CallbackServerContext* context,
                                                       const inference::ModelReadyRequest* request,
                                                       inference::ModelReadyResponse* response) {
  return AnswerNow(environment_, model_ready_, context, [&]() -> std::optional<CallError> {
    ModelSelector selector{.name = request->name(), .version = 0};
    if (auto error = ReadVersion(request->version(), &selector.version)) return error;
    response->set_ready(ready_() && environment_.registry.Acquire(selector).ok());
    return std::nullopt;
  });
}

grpc::ServerUnaryReactor* InferenceService::ServerMetadata(
    grpc::CallbackServerContext* context, const inference::ServerMetadataRequest*,
    inference::ServerMetadataResponse* response) {
  return AnswerNow(environment_, server_metadata_, context, [&]() -> std::optional<CallError> {
    response->set_name("guichet");
    response->set_version(server_version_);
    return std::nullopt;
  });
}

grpc::ServerUnaryReactor* InferenceService::ModelMetadata(
    grpc::CallbackServerContext* context, const inference::ModelMetadataRequest* request,
    inference::ModelMetadataResponse* response) {
  return AnswerNow(environment_, model_metadata_, context, [&]() -> std::optional<CallError> {
    ModelSelector selector{.name = request->name(), .version = 0};
    if (auto error = ReadVersion(request->version(), &selector.version)) return error;
    const absl::StatusOr<VersionLease> lease = environment_.registry.Acquire(selector);
    if (!lease.ok()) return UnknownModel(lease.status(), selector.name, selector.version);
    DescribeModel(**lease, environment_.registry.Versions((*lease)->name), response);
    return std::nullopt;
  });
}

grpc::ServerUnaryReactor* InferenceService::ModelInfer(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return UnaryClassifyReactor<InferenceProtocol>::Start(environment_, model_infer_, *context,
                                                        *request, response);
}

}  // namespace guichet
