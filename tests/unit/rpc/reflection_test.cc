#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;

std::unique_ptr<Message> NewMessage(const std::string& name) {
  const auto* type = DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (type == nullptr) throw std::runtime_error(name + " is not linked");
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// Asks ServerReflectionInfo for the services; its messages come from gRPC's library, which has no
// header for them.
class ReflectionTest : public RpcServerTest,
                       public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 protected:
  grpc::Status ListServices(std::set<std::string>* services) {
    const auto request = NewMessage("grpc.reflection.v1alpha.ServerReflectionRequest");
    request->GetReflection()->SetString(
        request.get(), request->GetDescriptor()->FindFieldByName("list_services"), "*");
    grpc::ByteBuffer request_bytes;
    bool own = false;
    EXPECT_TRUE(grpc::SerializationTraits<Message>::Serialize(*request, &request_bytes, &own).ok());
    grpc::GenericStub generic(channel_);
    grpc::ClientContext context;
    SetDeadline(context);
    generic.PrepareBidiStreamingCall(
        &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {}, this);
    StartWriteLast(&request_bytes, grpc::WriteOptions());
    StartRead(&response_bytes_);
    StartCall();
    const grpc::Status status = done_.get_future().get();
    if (read_) CollectNames(services);
    return status;
  }

  void CollectNames(std::set<std::string>* services) {
    const auto response = NewMessage("grpc.reflection.v1alpha.ServerReflectionResponse");
    ASSERT_TRUE(
        grpc::SerializationTraits<Message>::Deserialize(&response_bytes_, response.get()).ok());
    const auto* list_field = response->GetDescriptor()->FindFieldByName("list_services_response");
    const Message& list = response->GetReflection()->GetMessage(*response, list_field);
    const auto* service_field = list.GetDescriptor()->FindFieldByName("service");
    for (int i = 0; i < list.GetReflection()->FieldSize(list, service_field); ++i) {
      const Message& service = list.GetReflection()->GetRepeatedMessage(list, service_field, i);
      services->insert(service.GetReflection()->GetString(
          service, service.GetDescriptor()->FindFieldByName("name")));
    }
  }

  void OnReadDone(bool ok) override { read_ = ok; }
  void OnDone(const grpc::Status& status) override { done_.set_value(status); }

  grpc::ByteBuffer response_bytes_;
  bool read_ = false;
  std::promise<grpc::Status> done_;
};

TEST_F(ReflectionTest, ListsTheServices) {
  StartServer();
  std::set<std::string> services;
  const grpc::Status status = ListServices(&services);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(services.contains("guichet.v1.Classification"));
  EXPECT_TRUE(services.contains("inference.GRPCInferenceService"));
}

TEST_F(ReflectionTest, CanBeSwitchedOff) {
  config_.server.reflection = false;
  StartServer();
  std::set<std::string> services;
  EXPECT_EQ(ListServices(&services).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(services.empty());
}

}  // namespace
}  // namespace guichet
