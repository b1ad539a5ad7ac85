#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/inference/prediction.h"
#include "server/rpc/call_error.h"
#include "server/rpc/rpc_environment.h"
#include "server/rpc/text_limits.h"

namespace guichet {

// What a call asks for.
struct ClassifyParams {
  ModelSelector model;
  PredictionOptions prediction;
  std::vector<CallText> texts;
  SteadyTime arrival;
  SteadyTime deadline;
  // The protocol has no status for one text: the first that fails fails the call.
  bool all_or_nothing = false;
  // kOffersAgain: the protocol starts another call when this one is told RESOURCE_EXHAUSTED.
  WhenFull when_full = WhenFull::kGivesUp;
  // How the protocol names its texts in messages, e.g. "tickets".
  std::string name_of_texts;
  std::string name_of_options;
};

struct TextAnswer {
  std::optional<CallError> error;  // the rest is empty when set
  Prediction prediction;
  int tokens = 0;
  int unknown_tokens = 0;
  bool truncated = false;
};

// The longest of each stage over the call's texts.
struct StageTimes {
  std::chrono::nanoseconds tokenize{0};
  std::chrono::nanoseconds queue{0};
  std::chrono::nanoseconds infer{0};
};

// One a text in order, or why the call as a whole has no answer.
struct ClassifyAnswer {
  std::optional<CallError> error;
  VersionLease model;
  std::vector<TextAnswer> texts;
  StageTimes times;
};

// Why texts of an answered call failed on our side, for the log; empty when none did.
std::string InternalDetail(const ClassifyAnswer& answer);

// The way of one call from texts to predictions, the same for every service: check, lease,
// tokenise, submit, collect. Small calls are tokenised by the caller's thread, the rest by the
// pool; the batch worker that brings the last result runs `done`. Owns itself from Start until
// `done` has run; `done` runs exactly once, perhaps before Start returns. Cancel may come from any
// thread.
class ClassifyCall : public std::enable_shared_from_this<ClassifyCall> {
 public:
  using Done = std::function<void(ClassifyAnswer& answer)>;

  static std::shared_ptr<ClassifyCall> Start(RpcEnvironment& environment, ClassifyParams params,
                                             Done done);

  // Nobody waits any more: what has not reached the device is dropped.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

 private:
  ClassifyCall(RpcEnvironment& environment, ClassifyParams params, Done done);

  void Run();
  std::optional<CallError> CheckCall() const;
  // Sets the error of the texts outside the limits; returns the bytes of the others together.
  std::size_t CheckTexts();
  void EncodeAndSubmit();
  // Tokenises the texts without an error; one that fails gets its own.
  absl::Status EncodeAll(std::vector<InferenceItem>* items);
  void RefuseText(std::size_t index, const absl::Status& status);
  absl::StatusOr<Encoding> EncodeText(std::size_t index) const;
  InferenceItem MakeItem(std::size_t index, Encoding encoding);
  void OnResult(std::size_t index, InferenceResult result);
  void Fail(CallError error);
  void Complete();
  // When no text has an answer, the error that speaks for all of them.
  void RaiseTotalFailure();
  CallError Explain(const absl::Status& status) const;
  void CountRejected(const CallError& error, std::size_t texts);

  RpcEnvironment& environment_;
  const ClassifyParams params_;
  const Done done_;
  std::shared_ptr<ClassifyCall> self_;  // until done_ has run
  std::atomic<bool> cancelled_{false};
  ClassifyAnswer answer_;
  SteadyTime submitted_;
  // Results that have not come. Each result writes its own text's answer; the last one reads all.
  std::atomic<std::size_t> remaining_{0};
  std::atomic<std::int64_t> longest_queue_{0};
  std::atomic<std::int64_t> longest_infer_{0};
};

}  // namespace guichet
