#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "base/mutex.h"
#include "client/stub.h"
#include "client/token_file.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "guichet/v1/classification.grpc.pb.h"

namespace guichet {

struct GrpcStubParts {
  std::shared_ptr<grpc::Channel> calls;
  std::shared_ptr<grpc::Channel> health;
  std::unique_ptr<TokenFile> token;  // null: no token is sent
};

// The Stub over gRPC's callback API. All attempts must be over before it is destroyed.
class GrpcStub final : public Stub {
 public:
  explicit GrpcStub(GrpcStubParts parts);

  void Classify(std::span<const TicketText> tickets, const ClassifyOptions& options,
                std::chrono::nanoseconds timeout, ClassifyDone done) override;
  void CheckHealth(const std::string& service, std::chrono::nanoseconds timeout,
                   HealthDone done) override;
  void CancelAll() override;

 private:
  // Deadline, token and a place among those CancelAll reaches.
  absl::Status Prepare(grpc::ClientContext& context, std::chrono::nanoseconds timeout);
  void Forget(grpc::ClientContext& context);

  const std::unique_ptr<TokenFile> token_;
  const std::unique_ptr<v1::Classification::Stub> classification_;
  const std::unique_ptr<grpc::health::v1::Health::Stub> health_;

  Mutex mutex_;
  std::unordered_set<grpc::ClientContext*> running_ GUICHET_GUARDED_BY(mutex_);
  bool cancelled_ GUICHET_GUARDED_BY(mutex_) = false;
};

}  // namespace guichet
