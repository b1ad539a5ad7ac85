#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <grpcpp/support/server_callback.h>

#include "base/mutex.h"
#include "guichet/v1/generation.pb.h"
#include "server/generation/generation_worker.h"
#include "server/generation/growing_text.h"
#include "server/rpc/call_guard.h"

namespace guichet {

// What a Generate call works with. Owned by the server; outlives the service and its calls.
struct GenerationEnvironment {
  RpcEnvironment& rpc;
  std::string model = {};              // its name for callers
  GenerationWorker* worker = nullptr;  // null: this server generates nothing
};

// One Generate call: encodes the text, waits for its turn, sends tokens as they come and the result
// at the end. What waits to be written is bounded by the sequences' lengths. Kept alive by itself
// until OnDone, and by its task.
class GenerateReactor final : public grpc::ServerWriteReactor<v1::GenerateResponse>,
                              public std::enable_shared_from_this<GenerateReactor> {
 public:
  static grpc::ServerWriteReactor<v1::GenerateResponse>* Start(
      GenerationEnvironment& environment, MethodMetrics& method,
      const grpc::CallbackServerContext& context, const v1::GenerateRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { self_.reset(); }

 private:
  GenerateReactor(GenerationEnvironment& environment, MethodMetrics& method,
                  const grpc::CallbackServerContext& context, const v1::GenerateRequest& request);

  // Checks what can be checked at once, then encodes here or, a long text, on the tokenizer pool.
  std::optional<CallError> Begin();
  void EncodeAndSubmit();
  std::optional<CallError> Submit(std::vector<TokenId> ids);
  void OnTokens(std::span<const NewToken> tokens);
  void OnEnd(const GenerationOutcome& outcome);
  void EndWith(CallError error);
  // Starts whatever may start now: the next write, the end.
  void Proceed() GUICHET_REQUIRES(mutex_);

  GenerationEnvironment& environment_;
  const v1::GenerateRequest& request_;  // gRPC's, until OnDone
  std::shared_ptr<GenerateReactor> self_;
  const std::shared_ptr<GenerationTask> task_ = std::make_shared<GenerationTask>();
  std::vector<GrowingText> texts_;  // of the worker's thread

  Mutex mutex_;
  CallGuard guard_ GUICHET_GUARDED_BY(mutex_);
  std::deque<v1::GenerateResponse> queue_ GUICHET_GUARDED_BY(mutex_);  // front: being written
  bool writing_ GUICHET_GUARDED_BY(mutex_) = false;
  bool cancelled_ GUICHET_GUARDED_BY(mutex_) = false;
  bool ended_ GUICHET_GUARDED_BY(mutex_) = false;
  bool finished_ GUICHET_GUARDED_BY(mutex_) = false;
  std::optional<CallError> error_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
