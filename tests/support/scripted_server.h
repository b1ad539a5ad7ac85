#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>

#include "base/mutex.h"
#include "guichet/v1/classification.grpc.pb.h"
#include "server/rpc/health.h"

namespace guichet {

// A real gRPC server in this process whose answers a test writes. Without a script every ticket is
// answered with its own body as the label. Thread-safe.
class ScriptedServer final : public v1::Classification::CallbackService {
 public:
  // Fills the response, or fails the call. Runs on gRPC's threads and must not block.
  using Script = std::function<grpc::Status(const v1::ClassifyRequest&, v1::ClassifyResponse*)>;

  ScriptedServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    builder.RegisterService(&health_);
    server_ = builder.BuildAndStart();
    health_.Start();
  }
  ~ScriptedServer() override { Stop(); }

  void Stop() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  void SetServing(bool serving) { health_.SetDeviceHealthy(serving); }

  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

  void Then(Script script) {
    MutexLock lock(mutex_);
    scripts_.push_back(std::move(script));
  }
  std::vector<v1::ClassifyRequest> requests() {
    MutexLock lock(mutex_);
    return requests_;
  }
  std::vector<std::string> tokens() {
    MutexLock lock(mutex_);
    return tokens_;
  }

  static grpc::Status AnswerAll(const v1::ClassifyRequest& request,
                                v1::ClassifyResponse* response) {
    for (const v1::Ticket& ticket : request.tickets()) {
      v1::TicketResult& result = *response->add_results();
      result.set_id(ticket.id());
      v1::LabelScore& score = *result.add_scores();
      score.set_label(ticket.body());
      score.set_score(1.0F);
      result.set_tokens(3);
    }
    response->set_model("tickets");
    response->set_version(1);
    return grpc::Status::OK;
  }

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context,
                                     const v1::ClassifyRequest* request,
                                     v1::ClassifyResponse* response) override {
    Script script = AnswerAll;
    {
      MutexLock lock(mutex_);
      requests_.push_back(*request);
      const auto token = context->client_metadata().find("authorization");
      tokens_.emplace_back(token == context->client_metadata().end()
                               ? ""
                               : std::string(token->second.data(), token->second.size()));
      if (!scripts_.empty()) {
        script = std::move(scripts_.front());
        scripts_.pop_front();
      }
    }
    const grpc::Status status = script(*request, response);
    // CANCELLED from a script means: never answer; the reactor ends with the call.
    if (status.error_code() != grpc::StatusCode::CANCELLED) {
      grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
      reactor->Finish(status);
      return reactor;
    }
    class Silent final : public grpc::ServerUnaryReactor {
      void OnCancel() override { Finish(grpc::Status::CANCELLED); }
      void OnDone() override { delete this; }
    };
    return new Silent;
  }

 private:
  int port_ = 0;
  HealthService health_{{"guichet.v1.Classification"}};
  std::unique_ptr<grpc::Server> server_;

  Mutex mutex_;
  std::deque<Script> scripts_ GUICHET_GUARDED_BY(mutex_);
  std::vector<v1::ClassifyRequest> requests_ GUICHET_GUARDED_BY(mutex_);
  std::vector<std::string> tokens_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
