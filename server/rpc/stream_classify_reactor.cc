#include "server/rpc/stream_classify_reactor.h"

#include <utility>

#include "server/rpc/classification_messages.h"
#include "server/rpc/message_codec.h"

// gRPC never runs a reaction inside StartRead, StartWrite or Finish, so they are called under the
// mutex. What must not happen is that OnDone frees the reactor while another thread still holds the
// mutex: every thread that is not in a reaction owns a reference.

namespace guichet {
namespace {

// When a text that did not fit among the bytes in flight tries again.
constexpr std::chrono::milliseconds kBytesRetry{50};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamClassifyReactor::Start(
    RpcEnvironment& environment, MethodMetrics& method, OpenStreams& streams,
    const grpc::CallbackServerContext& context) {
  std::shared_ptr<StreamClassifyReactor> reactor(
      new StreamClassifyReactor(environment, method, streams, context));
  reactor->self_ = reactor;
  {
    const MutexLock lock(reactor->mutex_);
    reactor->end_error_ = reactor->guard_.Admit();
    reactor->no_more_reads_ = reactor->end_error_.has_value();
    reactor->Proceed();
  }
  streams.Add(reactor);
  return reactor.get();
}

StreamClassifyReactor::StreamClassifyReactor(RpcEnvironment& environment, MethodMetrics& method,
                                             OpenStreams& streams,
                                             const grpc::CallbackServerContext& context)
    : environment_(environment), streams_(streams), guard_(environment, method, context) {}

void StreamClassifyReactor::OnReadDone(bool ok) {
  auto item = std::make_shared<Item>();
  item->arrival = environment_.clock.Now();
  std::optional<CallError> error;
  if (ok) error = TakeMessage(item.get());
  {
    const MutexLock lock(mutex_);
    if (!ok) no_more_reads_ = true;  // half-closed or broken
    if (error.has_value()) EndWith(*std::move(error));
    if (no_more_reads_) {
      reading_ = false;
      return Proceed();
    }
    in_flight_.insert(item);
  }
  Classify(item);
  const MutexLock lock(mutex_);
  reading_ = false;  // only now: texts enter the queue in the order they were sent
  Proceed();
}

std::optional<CallError> StreamClassifyReactor::TakeMessage(Item* item) {
  const bool parsed = ParseMessage(read_bytes_, &item->request);
  read_bytes_.Clear();
  if (!parsed) return MalformedRequest();
  if (first_message_) {
    options_ = item->request.options();
    first_message_ = false;
  } else if (item->request.has_options()) {
    return InvalidField("INVALID_OPTIONS", "options",
                        "may be set in the first message of a stream only");
  }
  return std::nullopt;
}

void StreamClassifyReactor::Classify(const ItemPointer& item) {
  ClassifyParams params;
  ReadOptions(options_, &params);
  params.name_of_texts = "ticket";
  params.name_of_options = "options";
  params.when_full = WhenFull::kOffersAgain;
  params.texts.push_back(TextOf(item->request.ticket()));
  params.arrival = item->arrival;
  {
    const MutexLock lock(mutex_);
    params.deadline = guard_.DeadlineFrom(item->arrival);
    if (!item->bytes) item->bytes = environment_.bytes.Take(item->request.ByteSizeLong());
    if (!item->bytes && !cancelled_) return Park(item, kBytesRetry);
  }
  std::shared_ptr<ClassifyCall> call = ClassifyCall::Start(
      environment_, std::move(params),
      [self = shared_from_this(), item](ClassifyAnswer& answer) { self->OnAnswer(item, answer); });
  const MutexLock lock(mutex_);
  if (cancelled_) call->Cancel();
  // An answered item must not hold its call: the call holds the item.
  if (in_flight_.contains(item)) item->call = std::move(call);
}

void StreamClassifyReactor::OnAnswer(const ItemPointer& item, const ClassifyAnswer& answer) {
  const MutexLock lock(mutex_);
  if (answer.error.has_value() && answer.error->retry_after.has_value() &&
      answer.error->code == absl::StatusCode::kResourceExhausted && !cancelled_) {
    return Park(item, *answer.error->retry_after);
  }
  in_flight_.erase(item);
  item->call.reset();
  item->retry.reset();  // its callback holds the item: a ring
  const bool hopeless = answer.error.has_value() && (answer.error->reason == "INVALID_OPTIONS" ||
                                                     answer.error->reason == "UNKNOWN_MODEL");
  if (hopeless) {
    EndWith(*answer.error);
  } else if (!cancelled_) {
    ready_.push_back(MakeResponse(*item, answer));
  }
  Proceed();
}

grpc::ByteBuffer StreamClassifyReactor::MakeResponse(const Item& item,
                                                     const ClassifyAnswer& answer) {
  v1::StreamClassifyResponse response;
  const v1::Ticket& ticket = item.request.ticket();
  if (answer.error.has_value()) {
    response.mutable_result()->set_id(ticket.id());
    ToRpcStatus(*answer.error, guard_.request_id(), response.mutable_result()->mutable_status());
  } else {
    WriteResult(ticket, answer.texts.front(), *answer.model, guard_, response.mutable_result());
  }
  if (answer.model != nullptr) {
    response.set_model(answer.model->name);
    response.set_version(answer.model->version);
  }
  WriteTimings(answer.times, environment_.clock.Now() - item.arrival, response.mutable_timings());
  grpc::ByteBuffer bytes;
  SerializeMessage(response, &bytes);
  return bytes;
}

void StreamClassifyReactor::Park(const ItemPointer& item, std::chrono::nanoseconds delay) {
  ++parked_;
  item->retry.emplace();
  const auto until = std::chrono::system_clock::now() +
                     std::chrono::duration_cast<std::chrono::system_clock::duration>(delay);
  item->retry->Set(until, [self = shared_from_this(), item](bool) {
    {
      const MutexLock lock(self->mutex_);
      --self->parked_;
    }
    self->Classify(item);  // finds out by itself when the caller has gone or the time is up
    const MutexLock lock(self->mutex_);
    self->Proceed();
  });
}

void StreamClassifyReactor::OnWriteDone(bool) {
  // A failed write comes with a cancellation, which ends the stream.
  const MutexLock lock(mutex_);
  writing_ = false;
  ready_.pop_front();
  Proceed();
}

void StreamClassifyReactor::OnCancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  no_more_reads_ = true;
  for (const ItemPointer& item : in_flight_) {
    if (item->call != nullptr) item->call->Cancel();
    if (item->retry.has_value()) item->retry->Cancel();
  }
  environment_.metrics.CountAbandonedCall();
  Proceed();
}

void StreamClassifyReactor::Drain() {
  const MutexLock lock(mutex_);
  EndWith(FromStatus(
      absl::UnavailableError("the server is shutting down; send what is unanswered to another"),
      std::chrono::nanoseconds(0)));
  Proceed();
}

void StreamClassifyReactor::OnDone() {
  streams_.Remove(this);
  self_.reset();
}

void StreamClassifyReactor::EndWith(CallError error) {
  no_more_reads_ = true;
  if (!end_error_.has_value()) end_error_ = std::move(error);
}

grpc::Status StreamClassifyReactor::FinalStatus() {
  if (end_error_.has_value()) return guard_.Close(*end_error_);
  if (!cancelled_) return guard_.Close();
  return guard_.Close(
      FromStatus(absl::CancelledError("the caller has gone"), std::chrono::nanoseconds(0)));
}

void StreamClassifyReactor::Proceed() {
  if (finished_) return;
  if (!writing_ && !cancelled_ && !ready_.empty()) {
    writing_ = true;
    StartWrite(&ready_.front());
  }
  const bool all_written = !writing_ && (ready_.empty() || cancelled_);
  if (no_more_reads_ && in_flight_.empty() && all_written) {
    finished_ = true;
    return Finish(FinalStatus());
  }
  const bool room =
      in_flight_.size() + ready_.size() < environment_.options.limits.in_flight_texts_per_stream;
  if (!no_more_reads_ && !reading_ && parked_ == 0 && room) {
    reading_ = true;
    StartRead(&read_bytes_);
  }
}

}  // namespace guichet
