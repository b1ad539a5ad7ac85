#include "client/retrying_connection.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/error_details.h"

namespace guichet {

using std::chrono::nanoseconds;

// One call on its way through its attempts. It owns itself through the callbacks it hands out: at
// any time exactly one attempt or one sleep holds it.
class RetryingConnection::Operation : public std::enable_shared_from_this<Operation> {
 public:
  Operation(RetryingConnection& connection, ClassifyCall call, ClassifyCallback done)
      : connection_(connection),
        options_(std::move(call.options)),
        done_(std::move(done)),
        deadline_(connection.clock_.Now() + call.timeout.value_or(connection.default_timeout_)),
        tickets_(std::move(call.tickets)) {
    reply_.results.reserve(tickets_.size());
    positions_.reserve(tickets_.size());
    for (std::size_t i = 0; i < tickets_.size(); ++i) {
      reply_.results.emplace_back(absl::UnknownError("not answered"));
      positions_.push_back(i);
    }
  }

  void Attempt() {
    const nanoseconds time_left = TimeLeft();
    if (time_left <= nanoseconds::zero()) return Fail(OutOfTime());
    ++attempts_;
    connection_.stub_->Classify(
        tickets_, options_, time_left,
        [self = shared_from_this()](absl::StatusOr<StubReply> reply) { self->OnAttempt(reply); });
  }

 private:
  nanoseconds TimeLeft() const { return deadline_ - connection_.clock_.Now(); }

  void OnAttempt(absl::StatusOr<StubReply>& reply) {
    if (!reply.ok()) {
      const absl::Status& error = reply.status();
      if (!SleepAfter(error)) Fail(error);
      return;
    }
    reply_.timings = reply->timings;
    const absl::Status passing = Settle(reply->results);
    if (passing.ok() || !SleepAfter(passing)) Finish(std::move(reply_));
  }

  // Takes over the results and keeps the tickets worth another attempt; returns one of their
  // errors, or OK when there are none. A kept ticket's error stands as its result meanwhile.
  absl::Status Settle(std::vector<absl::StatusOr<ClassifiedTicket>>& results) {
    absl::Status passing;
    std::vector<TicketText> kept;
    std::vector<std::size_t> kept_positions;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (IsRetryable(results[i].status())) {
        // The longest wait asked for: all kept tickets go again together.
        if (passing.ok() || RetryDelay(results[i].status()) > RetryDelay(passing)) {
          passing = results[i].status();
        }
        kept.push_back(std::move(tickets_[i]));
        kept_positions.push_back(positions_[i]);
      }
      reply_.results[positions_[i]] = std::move(results[i]);
    }
    tickets_ = std::move(kept);
    positions_ = std::move(kept_positions);
    return passing;
  }

  // False when there must be no other attempt; then why_no_more_ says why.
  bool SleepAfter(const absl::Status& error) {
    const std::optional<nanoseconds> delay =
        RetryDelayAfter(connection_.retry_, error, attempts_, TimeLeft(), connection_.Jitter());
    if (!delay.has_value()) return false;
    if (!connection_.budget_.TryTake()) {
      why_no_more_ = "the retry budget is used up";
      return false;
    }
    last_error_ = error;
    connection_.sleeper_->Sleep(*delay, [self = shared_from_this()] { self->Attempt(); });
    return true;
  }

  absl::Status OutOfTime() const {
    if (attempts_ == 0) return absl::DeadlineExceededError("the call's timeout is not above 0");
    return Annotated(last_error_, "no time left for another attempt");
  }

  void Fail(const absl::Status& error) {
    // Some tickets may be answered already: then only the others fail.
    if (positions_.size() < reply_.results.size()) {
      for (const std::size_t position : positions_) reply_.results[position] = error;
      return Finish(std::move(reply_));
    }
    std::string note = why_no_more_;
    if (attempts_ > 1) {
      note += fmt::format("{}{} attempts", note.empty() ? "" : ", ", attempts_);
      if (error.code() != last_error_.code()) {
        note += fmt::format("; before: {}: {}", StatusCodeName(last_error_.code()),
                            std::string(last_error_.message()));
      }
    }
    Finish(note.empty() ? error : Annotated(error, note));
  }

  void Finish(absl::StatusOr<ClassifyReply> outcome) {
    if (outcome.ok()) outcome->attempts = attempts_;
    std::exchange(done_, nullptr)(std::move(outcome));
    connection_.Leave();
  }

  RetryingConnection& connection_;
  const ClassifyOptions options_;
  ClassifyCallback done_;
  const SteadyTime deadline_;

  // Touched by one thread at a time: an attempt's callback or a sleep's wake.
  std::vector<TicketText> tickets_;     // still to be answered
  std::vector<std::size_t> positions_;  // of tickets_ in the reply
  ClassifyReply reply_;
  int attempts_ = 0;
  absl::Status last_error_;
  std::string why_no_more_;
};

RetryingConnection::RetryingConnection(const RetryOptions& retry,
                                       std::chrono::milliseconds default_timeout,
                                       RetryingConnectionParts parts)
    : retry_(retry),
      default_timeout_(default_timeout),
      clock_(*parts.clock),
      stub_(std::move(parts.stub)),
      sleeper_(std::move(parts.sleeper)),
      budget_(retry, clock_),
      random_(parts.jitter_seed) {}

RetryingConnection::~RetryingConnection() {
  stub_->CancelAll();  // first, so that who is woken fails at once
  sleeper_->WakeAll();
  MutexLock lock(mutex_);
  while (in_flight_ > 0) left_.Wait(mutex_);
}

void RetryingConnection::Classify(ClassifyCall call, ClassifyCallback done) {
  if (call.tickets.empty()) {
    done(absl::InvalidArgumentError("the call has no tickets; give at least one"));
    return;
  }
  budget_.AddCall();
  Enter();
  std::make_shared<Operation>(*this, std::move(call), std::move(done))->Attempt();
}

void RetryingConnection::CheckHealth(const HealthCall& call, HealthCallback done) {
  Enter();
  stub_->CheckHealth(call.service, call.timeout,
                     [this, done = std::move(done)](absl::StatusOr<ServingState> state) {
                       done(std::move(state));
                       Leave();
                     });
}

double RetryingConnection::Jitter() {
  MutexLock lock(mutex_);
  return random_.Uniform();
}

void RetryingConnection::Enter() {
  MutexLock lock(mutex_);
  ++in_flight_;
}

// Notifies under the lock: the destructor may run as soon as it is free.
void RetryingConnection::Leave() {
  MutexLock lock(mutex_);
  if (--in_flight_ == 0) left_.NotifyAll();
}

}  // namespace guichet
