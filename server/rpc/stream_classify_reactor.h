#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_set>

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include "base/mutex.h"
#include "guichet/v1/classification.pb.h"
#include "server/rpc/call_guard.h"
#include "server/rpc/classify_call.h"
#include "server/rpc/open_streams.h"

namespace guichet {

// One StreamClassify call. Reads the next text only while fewer than
// limits.in_flight_texts_per_stream are read and not yet answered in writing; when the pipeline has
// no room the text waits here and reading pauses, so nothing is dropped. One write is in flight;
// answers go out in the order they come. Ends when the client has half-closed (or options were
// wrong, or the server drains) and every text that was read is answered. Kept alive by itself until
// OnDone, and by each text in flight.
class StreamClassifyReactor final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public DrainableStream,
      public std::enable_shared_from_this<StreamClassifyReactor> {
 public:
  static grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Start(
      RpcEnvironment& environment, MethodMetrics& method, OpenStreams& streams,
      const grpc::CallbackServerContext& context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void Drain() override;

 private:
  // A text between its read and its written answer.
  struct Item {
    v1::StreamClassifyRequest request;
    SteadyTime arrival;
    ByteBudget::Share bytes;
    std::shared_ptr<ClassifyCall> call;
    std::optional<grpc::Alarm> retry;  // while the pipeline is full
  };
  using ItemPointer = std::shared_ptr<Item>;

  StreamClassifyReactor(RpcEnvironment& environment, MethodMetrics& method, OpenStreams& streams,
                        const grpc::CallbackServerContext& context);

  std::optional<CallError> TakeMessage(Item* item);
  void Classify(const ItemPointer& item);
  void OnAnswer(const ItemPointer& item, const ClassifyAnswer& answer);
  // Tries again after `delay`.
  void Park(const ItemPointer& item, std::chrono::nanoseconds delay) GUICHET_REQUIRES(mutex_);
  grpc::ByteBuffer MakeResponse(const Item& item, const ClassifyAnswer& answer)
      GUICHET_REQUIRES(mutex_);
  void EndWith(CallError error) GUICHET_REQUIRES(mutex_);
  grpc::Status FinalStatus() GUICHET_REQUIRES(mutex_);
  // Starts whatever may start now: the next read, the next write, the end.
  void Proceed() GUICHET_REQUIRES(mutex_);

  RpcEnvironment& environment_;
  OpenStreams& streams_;
  std::shared_ptr<StreamClassifyReactor> self_;  // until OnDone

  // Touched by one read at a time.
  grpc::ByteBuffer read_bytes_;
  v1::ClassifyOptions options_;
  bool first_message_ = true;

  Mutex mutex_;
  CallGuard guard_ GUICHET_GUARDED_BY(mutex_);
  std::unordered_set<ItemPointer> in_flight_ GUICHET_GUARDED_BY(mutex_);
  std::size_t parked_ GUICHET_GUARDED_BY(mutex_) = 0;
  std::deque<grpc::ByteBuffer> ready_ GUICHET_GUARDED_BY(mutex_);  // front: being written
  bool reading_ GUICHET_GUARDED_BY(mutex_) = false;
  bool writing_ GUICHET_GUARDED_BY(mutex_) = false;
  bool no_more_reads_ GUICHET_GUARDED_BY(mutex_) = false;
  bool cancelled_ GUICHET_GUARDED_BY(mutex_) = false;
  bool finished_ GUICHET_GUARDED_BY(mutex_) = false;
  std::optional<CallError> end_error_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
