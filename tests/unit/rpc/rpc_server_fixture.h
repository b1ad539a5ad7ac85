#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "guichet/v1/classification.grpc.pb.h"
#include "server/server.h"
#include "tests/support/fake_classifier.h"
#include "tests/support/temp_folder.h"

namespace guichet {

// The details of type T in a call's status, if any.
template <typename T>
std::optional<T> DetailIn(const google::rpc::Status& status) {
  for (const google::protobuf::Any& any : status.details()) {
    T detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

template <typename T>
std::optional<T> DetailOf(const grpc::Status& status) {
  google::rpc::Status parsed;
  if (!parsed.ParseFromString(status.error_details())) return std::nullopt;
  return DetailIn<T>(parsed);
}

inline std::string ReasonOf(const grpc::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  return info.has_value() ? info->reason() : "no ErrorInfo";
}

// A whole server in this process over a fake model, reached through real channels on a free port.
class RpcServerTest : public ::testing::Test {
 protected:
  RpcServerTest() {
    config_.server.address = "127.0.0.1:0";
    config_.server.http_address = "127.0.0.1:0";
    config_.model.path = folder_.path().string();
    std::ofstream(folder_.path() / "manifest.json") << ToJson(classifier_->manifest());
    config_.model.warm_up_batches = 0;  // the fake counts its calls
  }

  ~RpcServerTest() override { classifier_->ReleaseAll(); }

  void StartServer() {
    ServerParts parts;
    parts.loader = [this](const std::filesystem::path&)
        -> absl::StatusOr<std::shared_ptr<const TextClassifier>> { return classifier_; };
    parts.version = "1.2.3";
    server_ = std::make_unique<Server>(config_, std::move(parts));
    const absl::Status started = server_->Start();
    ASSERT_TRUE(started.ok()) << started;
    channel_ = NewConnection();
    stub_ = v1::Classification::NewStub(channel_);
  }

  // A channel that shares its connection with no other.
  std::shared_ptr<grpc::Channel> NewConnection() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->grpc_port()),
                                     grpc::InsecureChannelCredentials(), arguments);
  }

  // Long enough for a loaded machine: tests that pass never wait for it.
  static void SetDeadline(grpc::ClientContext& context,
                          std::chrono::milliseconds time = std::chrono::seconds(60)) {
    context.set_deadline(std::chrono::system_clock::now() + time);
  }

  static v1::ClassifyRequest RequestOf(const std::vector<std::string>& bodies) {
    v1::ClassifyRequest request;
    for (const std::string& body : bodies) {
      v1::Ticket* ticket = request.add_tickets();
      ticket->set_id("id-" + std::to_string(request.tickets_size()));
      ticket->set_body(body);
    }
    return request;
  }

  grpc::Status Classify(const v1::ClassifyRequest& request, v1::ClassifyResponse* response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return stub_->Classify(&context, request, response);
  }
  grpc::Status Classify(const v1::ClassifyRequest& request) {
    v1::ClassifyResponse ignored;
    return Classify(request, &ignored);
  }

  const TempFolder folder_;  // a bundle of which only the manifest is read
  ServerConfig config_;
  const std::shared_ptr<FakeClassifier> classifier_ = std::make_shared<FakeClassifier>();
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Classification::Stub> stub_;
};

// A Classify call on the callback API, so that a test can have many in flight.
class AsyncClassify {
 public:
  AsyncClassify(v1::Classification::Stub& stub, v1::ClassifyRequest request,
                std::chrono::milliseconds timeout = std::chrono::seconds(60))
      : request_(std::move(request)) {
    context_.set_deadline(std::chrono::system_clock::now() + timeout);
    stub.async()->Classify(&context_, &request_, &response_, [this](grpc::Status status) {
      const MutexLock lock(mutex_);
      status_ = std::move(status);
      changed_.NotifyAll();
    });
  }
  ~AsyncClassify() { Await(); }

  const grpc::Status& Await() {
    const MutexLock lock(mutex_);
    while (!status_.has_value()) changed_.Wait(mutex_);
    return *status_;
  }
  void Cancel() { context_.TryCancel(); }
  const v1::ClassifyResponse& response() const { return response_; }

 private:
  grpc::ClientContext context_;
  const v1::ClassifyRequest request_;
  v1::ClassifyResponse response_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::optional<grpc::Status> status_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
