#include "server/rpc/generate_reactor.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "server/rpc/generation_messages.h"
#include "server/rpc/text_limits.h"

namespace guichet {

grpc::ServerWriteReactor<v1::GenerateResponse>* GenerateReactor::Start(
    GenerationEnvironment& environment, MethodMetrics& method,
    const grpc::CallbackServerContext& context, const v1::GenerateRequest& request) {
  std::shared_ptr<GenerateReactor> reactor(
      new GenerateReactor(environment, method, context, request));
  reactor->self_ = reactor;
  if (std::optional<CallError> error = reactor->Begin()) reactor->EndWith(*std::move(error));
  return reactor.get();
}

GenerateReactor::GenerateReactor(GenerationEnvironment& environment, MethodMetrics& method,
                                 const grpc::CallbackServerContext& context,
                                 const v1::GenerateRequest& request)
    : environment_(environment), request_(request), guard_(environment.rpc, method, context) {}

std::optional<CallError> GenerateReactor::Begin() {
  if (environment_.worker == nullptr) {
    return FromOperatorStatus(absl::FailedPreconditionError(
        "this server generates nothing: generation.model is not set in its configuration"));
  }
  {
    const MutexLock lock(mutex_);
    if (std::optional<CallError> error = guard_.Admit()) return error;
    if (std::optional<CallError> error = guard_.Hold(request_.ByteSizeLong())) return error;
    task_->deadline = guard_.DeadlineFrom(guard_.arrival());
  }
  const std::size_t limit = environment_.rpc.options.limits.characters_per_text;
  if (const std::size_t characters = CodePoints(request_.text()); characters > limit) {
    return InvalidField("TEXT_TOO_LONG", "text",
                        fmt::format("it has {} characters; limits.characters_per_text is {}: "
                                    "shorten it",
                                    characters, limit));
  }
  const TextGenerator& generator = environment_.worker->generator();
  if (std::optional<CallError> error = ReadGenerationOptions(
          request_.options(), generator, environment_.worker->options(), &task_->options)) {
    return error;
  }
  if (request_.text().size() <= environment_.rpc.options.inline_encode_bytes) {
    EncodeAndSubmit();
    return std::nullopt;
  }
  if (environment_.rpc.tokenizers.Post(request_.text().size(),
                                       [self = self_] { self->EncodeAndSubmit(); })) {
    return std::nullopt;
  }
  return FromStatus(absl::ResourceExhaustedError("too much text waits to be tokenised"),
                    environment_.worker->EstimatedWait());
}

void GenerateReactor::EncodeAndSubmit() {
  auto ids = environment_.worker->generator().Encode(request_.text());
  std::optional<CallError> error;
  if (absl::IsInvalidArgument(ids.status())) {
    error = InvalidField("INVALID_TEXT", "text", std::string(ids.status().message()));
  } else if (!ids.ok()) {
    error = FromStatus(ids.status(), std::chrono::nanoseconds(0));
  } else {
    error = Submit(*std::move(ids));
  }
  if (error.has_value()) EndWith(*std::move(error));
}

std::optional<CallError> GenerateReactor::Submit(std::vector<TokenId> ids) {
  GenerationWorker& worker = *environment_.worker;
  task_->ids = std::move(ids);
  for (int i = 0; i < task_->options.num_return_sequences; ++i) {
    texts_.emplace_back(worker.generator());
  }
  task_->on_tokens = [this](std::span<const NewToken> tokens) { OnTokens(tokens); };
  // The task holds the call until its end.
  task_->on_end = [self = self_](const GenerationOutcome& outcome) { self->OnEnd(outcome); };
  const absl::Status submitted = worker.Submit(task_);
  if (!submitted.ok()) {
    task_->on_end = {};
    return FromStatus(submitted, worker.EstimatedWait());
  }
  bool gone = false;
  {
    const MutexLock lock(mutex_);
    gone = cancelled_;
  }
  if (gone) worker.Cancel(task_);
  return std::nullopt;
}

void GenerateReactor::OnTokens(std::span<const NewToken> tokens) {
  std::vector<v1::GenerateResponse> messages(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    v1::GeneratedToken* token = messages[i].mutable_token();
    token->set_sequence(tokens[i].sequence);
    token->set_id(tokens[i].id);
    token->set_text(texts_[static_cast<std::size_t>(tokens[i].sequence)].Add(tokens[i].id));
  }
  const MutexLock lock(mutex_);
  for (v1::GenerateResponse& message : messages) queue_.push_back(std::move(message));
  Proceed();
}

void GenerateReactor::OnEnd(const GenerationOutcome& outcome) {
  if (!outcome.status.ok()) {
    return EndWith(FromStatus(outcome.status, environment_.worker->EstimatedWait()));
  }
  v1::GenerateResponse message;
  v1::GenerationResult* result = message.mutable_result();
  WriteGenerationResult(outcome, task_->ids.size(), environment_.worker->generator(), result);
  result->set_model(environment_.model);
  const MutexLock lock(mutex_);
  const auto total = environment_.rpc.clock.Now() - guard_.arrival();
  result->mutable_timings()->set_total_us(
      std::chrono::duration_cast<std::chrono::microseconds>(total).count());
  queue_.push_back(std::move(message));
  ended_ = true;
  Proceed();
}

void GenerateReactor::OnWriteDone(bool) {
  // A failed write comes with a cancellation, which ends the task.
  const MutexLock lock(mutex_);
  writing_ = false;
  queue_.pop_front();
  Proceed();
}

void GenerateReactor::OnCancel() {
  {
    const MutexLock lock(mutex_);
    cancelled_ = true;
    if (finished_ || ended_) return Proceed();
  }
  environment_.rpc.metrics.CountAbandonedCall();
  if (environment_.worker != nullptr) environment_.worker->Cancel(task_);
}

void GenerateReactor::EndWith(CallError error) {
  const MutexLock lock(mutex_);
  error_ = std::move(error);
  ended_ = true;
  Proceed();
}

void GenerateReactor::Proceed() {
  if (finished_ || writing_) return;
  if (!queue_.empty() && !cancelled_) {
    writing_ = true;
    return StartWrite(&queue_.front());
  }
  if (!ended_) return;
  finished_ = true;
  if (!error_.has_value() && cancelled_) {
    error_ = FromStatus(absl::CancelledError("the caller has gone"), std::chrono::nanoseconds(0));
  }
  Finish(error_.has_value() ? guard_.Close(*error_) : guard_.Close());
}

}  // namespace guichet
