#include "server/rpc/classify_call.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

using std::chrono::nanoseconds;

void RaiseTo(std::atomic<std::int64_t>& longest, nanoseconds time) {
  std::int64_t seen = longest.load(std::memory_order_relaxed);
  while (seen < time.count() &&
         !longest.compare_exchange_weak(seen, time.count(), std::memory_order_relaxed)) {
  }
}

}  // namespace

std::string InternalDetail(const ClassifyAnswer& answer) {
  for (const TextAnswer& text : answer.texts) {
    if (text.error.has_value() && !text.error->log_detail.empty()) return text.error->log_detail;
  }
  return {};
}

std::shared_ptr<ClassifyCall> ClassifyCall::Start(RpcEnvironment& environment,
                                                  ClassifyParams params, Done done) {
  std::shared_ptr<ClassifyCall> call(
      new ClassifyCall(environment, std::move(params), std::move(done)));
  call->self_ = call;
  call->Run();
  return call;
}

ClassifyCall::ClassifyCall(RpcEnvironment& environment, ClassifyParams params, Done done)
    : environment_(environment), params_(std::move(params)), done_(std::move(done)) {}

void ClassifyCall::CountRejected(const CallError& error, std::size_t texts) {
  std::string reason = error.reason;
  std::transform(reason.begin(), reason.end(), reason.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  environment_.metrics.OnRejected(reason, texts);
}

CallError ClassifyCall::Explain(const absl::Status& status) const {
  return FromStatus(status, environment_.pipeline.EstimatedWait());
}

std::optional<CallError> ClassifyCall::CheckCall() const {
  std::optional<CallError> error =
      CheckTextCount(params_.texts.size(), params_.name_of_texts, environment_.options.limits);
  if (error.has_value()) return error;
  return CheckOptions(params_.prediction, params_.model.version, params_.name_of_options);
}

void ClassifyCall::Run() {
  if (std::optional<CallError> error = CheckCall()) {
    CountRejected(*error, 1);
    return Fail(*std::move(error));
  }
  absl::StatusOr<VersionLease> lease = environment_.registry.Acquire(params_.model);
  if (!lease.ok()) {
    CallError error = UnknownModel(lease.status(), params_.model.name, params_.model.version);
    CountRejected(error, 1);
    return Fail(std::move(error));
  }
  answer_.model = *std::move(lease);
  answer_.texts.resize(params_.texts.size());
  const std::size_t bytes = CheckTexts();
  if (bytes == 0) return EncodeAndSubmit();  // which has nothing to submit
  if (const absl::Status room = environment_.pipeline.CheckRoom(
          params_.texts.size(), params_.deadline, params_.when_full);
      !room.ok()) {
    return Fail(Explain(room));
  }
  environment_.metrics.ObserveStage(Stage::kAdmit, environment_.clock.Now() - params_.arrival);
  if (bytes <= environment_.options.inline_encode_bytes) return EncodeAndSubmit();
  if (environment_.tokenizers.Post(bytes, [self = self_] { self->EncodeAndSubmit(); })) return;
  CallError error = Explain(absl::ResourceExhaustedError(
      "too much text waits to be tokenised; retry later, or send fewer texts at once"));
  error.reason = "TOKENIZER_QUEUE";
  if (params_.when_full == WhenFull::kGivesUp) CountRejected(error, params_.texts.size());
  Fail(std::move(error));
}

std::size_t ClassifyCall::CheckTexts() {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < params_.texts.size(); ++i) {
    std::optional<CallError>& error = answer_.texts[i].error;
    error = CheckText(params_.texts[i], params_.name_of_texts, i, environment_.options.limits);
    if (error.has_value()) {
      CountRejected(*error, 1);
    } else {
      bytes += params_.texts[i].bytes();
    }
  }
  return bytes;
}

void ClassifyCall::EncodeAndSubmit() {
  std::vector<InferenceItem> items;
  if (const absl::Status status = EncodeAll(&items); !status.ok()) return Fail(Explain(status));
  if (items.empty()) return Complete();
  remaining_.store(items.size(), std::memory_order_relaxed);
  submitted_ = environment_.clock.Now();
  // Once submitted, the results may complete and free this call before Submit returns.
  const std::shared_ptr<ClassifyCall> self = self_;
  const absl::Status status = environment_.pipeline.Submit(std::move(items), params_.when_full);
  if (!status.ok()) Fail(Explain(status));
}

absl::Status ClassifyCall::EncodeAll(std::vector<InferenceItem>* items) {
  const bool all_fine = std::none_of(answer_.texts.begin(), answer_.texts.end(),
                                     [](const TextAnswer& text) { return text.error.has_value(); });
  if (params_.all_or_nothing && !all_fine) return absl::OkStatus();
  items->reserve(params_.texts.size());
  SteadyTime start = environment_.clock.Now();
  for (std::size_t i = 0; i < params_.texts.size(); ++i) {
    TextAnswer& answer = answer_.texts[i];
    if (answer.error.has_value()) continue;
    if (cancelled_.load(std::memory_order_relaxed)) {
      return absl::CancelledError("the caller has gone");
    }
    if (start >= params_.deadline) {
      return absl::DeadlineExceededError("the deadline passed before the texts were tokenised");
    }
    absl::StatusOr<Encoding> encoding = EncodeText(i);
    const SteadyTime end = environment_.clock.Now();
    environment_.metrics.ObserveStage(Stage::kTokenize, end - start);
    answer_.times.tokenize = std::max<nanoseconds>(answer_.times.tokenize, end - start);
    start = end;
    if (encoding.ok()) {
      items->push_back(MakeItem(i, *std::move(encoding)));
      continue;
    }
    RefuseText(i, encoding.status());
    if (params_.all_or_nothing) {
      items->clear();
      break;
    }
  }
  return absl::OkStatus();
}

void ClassifyCall::RefuseText(std::size_t index, const absl::Status& status) {
  std::optional<CallError>& error = answer_.texts[index].error;
  if (absl::IsInvalidArgument(status)) {
    error = InvalidField("INVALID_TEXT", fmt::format("{}[{}]", params_.name_of_texts, index),
                         std::string(status.message()));
  } else {
    error = Explain(status);
  }
  CountRejected(*error, 1);
}

absl::StatusOr<Encoding> ClassifyCall::EncodeText(std::size_t index) const {
  const CallText& text = params_.texts[index];
  const TextClassifier& classifier = *answer_.model->classifier;
  if (text.subject.empty()) return classifier.Encode(text.body);
  if (text.body.empty()) return classifier.Encode(text.subject);
  std::string joined;
  joined.reserve(text.bytes());
  joined.append(text.subject).append(1, '\n').append(text.body);
  return classifier.Encode(joined);
}

InferenceItem ClassifyCall::MakeItem(std::size_t index, Encoding encoding) {
  TextAnswer& answer = answer_.texts[index];
  answer.tokens = static_cast<int>(encoding.ids.size());
  answer.truncated = encoding.truncated;
  answer.unknown_tokens = encoding.unknown_tokens;
  InferenceItem item;
  item.model = answer_.model;
  item.tokens = std::move(encoding.ids);
  item.deadline = params_.deadline;
  // Shares this call's ownership, so the flag outlives the item.
  item.cancelled = CancellationFlag(self_, &cancelled_);
  // self_ keeps this call until the last result is in, so a plain pointer does, without allocation.
  item.done = [this, index](InferenceResult result) { OnResult(index, std::move(result)); };
  return item;
}

void ClassifyCall::OnResult(std::size_t index, InferenceResult result) {
  TextAnswer& answer = answer_.texts[index];
  const nanoseconds total = environment_.clock.Now() - submitted_;
  environment_.metrics.ObserveStage(Stage::kQueue, result.queue_time);
  RaiseTo(longest_queue_, result.queue_time);
  if (result.logits.ok()) {
    environment_.metrics.ObserveStage(
        Stage::kBatch,
        std::max<nanoseconds>(total - result.queue_time - result.infer_time, nanoseconds(0)));
    environment_.metrics.ObserveStage(Stage::kInfer, result.infer_time);
    RaiseTo(longest_infer_, result.infer_time);
    environment_.metrics.CountText(static_cast<std::size_t>(answer.tokens),
                                   static_cast<std::size_t>(answer.unknown_tokens),
                                   answer.truncated);
    answer.prediction =
        MakePrediction(*result.logits, answer_.model->classifier->manifest(), params_.prediction);
    const ScoredLabel& best = answer.prediction.scores.front();
    answer_.model->metrics->CountPrediction(static_cast<std::size_t>(best.label), best.score,
                                            answer.prediction.abstained);
    if (environment_.predictions != nullptr) {
      const CallText& text = params_.texts[index];
      environment_.predictions->Offer(*answer_.model, {.ticket_id = text.id,
                                                       .subject = text.subject,
                                                       .body = text.body,
                                                       .logits = *result.logits,
                                                       .best = best});
    }
  } else {
    answer = TextAnswer{};
    answer.error = Explain(result.logits.status());
  }
  if (remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1) Complete();
}

void ClassifyCall::RaiseTotalFailure() {
  const CallError* speaker = nullptr;
  std::size_t failed = 0;
  for (const TextAnswer& text : answer_.texts) {
    if (!text.error.has_value()) continue;
    ++failed;
    // A failure of ours tells more than a wrong field beside it.
    if (speaker == nullptr || (speaker->code == absl::StatusCode::kInvalidArgument &&
                               text.error->code != absl::StatusCode::kInvalidArgument)) {
      speaker = &*text.error;
    }
  }
  if (speaker == nullptr || (failed < answer_.texts.size() && !params_.all_or_nothing)) return;
  CallError error = *speaker;
  if (error.code == absl::StatusCode::kInvalidArgument) {
    error.violations.clear();
    for (const TextAnswer& text : answer_.texts) {
      if (!text.error.has_value()) continue;
      error.violations.insert(error.violations.end(), text.error->violations.begin(),
                              text.error->violations.end());
    }
  }
  answer_.error = std::move(error);
}

void ClassifyCall::Complete() {
  answer_.times.queue = nanoseconds(longest_queue_.load(std::memory_order_relaxed));
  answer_.times.infer = nanoseconds(longest_infer_.load(std::memory_order_relaxed));
  RaiseTotalFailure();
  const std::shared_ptr<ClassifyCall> self = std::move(self_);
  const SteadyTime start = environment_.clock.Now();
  done_(answer_);
  environment_.metrics.ObserveStage(Stage::kRespond, environment_.clock.Now() - start);
}

void ClassifyCall::Fail(CallError error) {
  answer_.error = std::move(error);
  answer_.texts.clear();
  const std::shared_ptr<ClassifyCall> self = std::move(self_);
  done_(answer_);
}

}  // namespace guichet
