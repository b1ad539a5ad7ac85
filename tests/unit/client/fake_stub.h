#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "client/sleeper.h"
#include "client/stub.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/fake_clock.h"

namespace guichet {

inline absl::Status WithRetryInfo(absl::Status error, std::chrono::milliseconds delay) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay.count() / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int>(delay.count() % 1000) * 1'000'000);
  error.SetPayload("type.googleapis.com/google.rpc.RetryInfo",
                   absl::Cord(info.SerializeAsString()));
  return error;
}

// A ticket's answer whose label says which text it is of.
inline ClassifiedTicket AnswerTo(const TicketText& ticket) {
  ClassifiedTicket answer;
  answer.id = ticket.id;
  answer.scores = {{"label of " + ticket.body, 0.9F}};
  return answer;
}

// Answers attempts from a script, at once; what it was asked is kept. An empty script answers
// everything well.
class FakeStub final : public Stub {
 public:
  using Script = std::function<absl::StatusOr<StubReply>(std::span<const TicketText>)>;
  struct Call {
    std::vector<std::string> bodies;
    std::chrono::nanoseconds timeout;
    ClassifyOptions options;
  };

  static absl::StatusOr<StubReply> AnswerAll(std::span<const TicketText> tickets) {
    StubReply reply;
    for (const TicketText& ticket : tickets) reply.results.emplace_back(AnswerTo(ticket));
    return reply;
  }

  void Then(Script script) { script_.push_back(std::move(script)); }
  void ThenFail(const absl::Status& error, int times = 1) {
    for (int i = 0; i < times; ++i) {
      Then([error](std::span<const TicketText>) { return error; });
    }
  }

  void Classify(std::span<const TicketText> tickets, const ClassifyOptions& options,
                std::chrono::nanoseconds timeout, ClassifyDone done) override {
    Call call{.bodies = {}, .timeout = timeout, .options = options};
    for (const TicketText& ticket : tickets) call.bodies.push_back(ticket.body);
    calls.push_back(std::move(call));
    if (cancelled) return done(absl::CancelledError("closing"));
    if (hold) {
      held.push_back(std::move(done));
      return;
    }
    if (script_.empty()) return done(AnswerAll(tickets));
    const Script script = std::move(script_.front());
    script_.pop_front();
    done(script(tickets));
  }

  void CheckHealth(const std::string& service, std::chrono::nanoseconds timeout,
                   HealthDone done) override {
    health_service = service;
    health_timeout = timeout;
    done(health);
  }

  void CancelAll() override {
    cancelled = true;
    for (ClassifyDone& done : std::exchange(held, {})) done(absl::CancelledError("closing"));
  }

  std::vector<Call> calls;
  bool hold = false;  // keep the attempts open until CancelAll
  std::vector<ClassifyDone> held;
  bool cancelled = false;
  absl::StatusOr<ServingState> health = ServingState::kServing;
  std::string health_service;
  std::chrono::nanoseconds health_timeout{0};

 private:
  std::deque<Script> script_;
};

// Sleeps by moving the clock; Run() wakes whoever sleeps, in order, until nobody does.
class FakeSleeper final : public Sleeper {
 public:
  explicit FakeSleeper(FakeClock& clock) : clock_(clock) {}

  void Sleep(std::chrono::nanoseconds delay, Wake wake) override {
    delays.push_back(delay);
    asleep_.push_back({delay, std::move(wake)});
  }
  void WakeAll() override {
    while (!asleep_.empty()) Next();
  }
  void Run() {
    while (!asleep_.empty()) {
      clock_.Advance(asleep_.front().first);
      Next();
    }
  }

  std::vector<std::chrono::nanoseconds> delays;

 private:
  void Next() {
    const Wake wake = std::move(asleep_.front().second);
    asleep_.pop_front();
    wake();
  }

  FakeClock& clock_;
  std::deque<std::pair<std::chrono::nanoseconds, Wake>> asleep_;
};

}  // namespace guichet
