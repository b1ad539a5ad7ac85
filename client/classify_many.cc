#include "client/classify_many.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::chrono::milliseconds kStopPoll{100};

absl::Status CheckRange(std::string_view field, std::uint64_t value, std::uint64_t low,
                        std::uint64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; it must lie in [{}, {}]", field, value, low, high));
}

// One call under way. Shared with its callback, which may come after everybody else has left.
class PendingCall {
 public:
  explicit PendingCall(std::size_t tickets) : tickets_(tickets) {}

  void Complete(absl::StatusOr<ClassifyReply> reply) {
    MutexLock lock(mutex_);
    reply_ = std::move(reply);
    done_ = true;
    changed_.NotifyAll();
  }

  // False when `stop` came first.
  bool Wait(const std::function<bool()>& stop) {
    MutexLock lock(mutex_);
    while (!done_) {
      if (!stop) {
        changed_.Wait(mutex_);
      } else if (stop()) {
        return false;
      } else {
        changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kStopPoll);
      }
    }
    return true;
  }

  // After Wait returned true.
  bool Deliver(const TicketList& list) {
    MutexLock lock(mutex_);
    for (std::size_t i = 0; i < tickets_; ++i) {
      if (!list.take(reply_.ok() ? std::move(reply_->results[i]) : reply_.status())) return false;
    }
    return true;
  }

 private:
  const std::size_t tickets_;

  Mutex mutex_;
  ConditionVariable changed_;
  bool done_ GUICHET_GUARDED_BY(mutex_) = false;
  absl::StatusOr<ClassifyReply> reply_ GUICHET_GUARDED_BY(mutex_);
};

// Cuts the list into calls.
class CallCutter {
 public:
  CallCutter(const TicketList& list, const ManyOptions& options) : list_(list), options_(options) {}

  // Whether Next need not wait for the source.
  bool ready() const { return ahead_.has_value() || !list_.ready || list_.ready(); }

  // The tickets of the next call; empty at the end of the list.
  std::vector<TicketText> Next() {
    std::vector<TicketText> tickets;
    std::size_t bytes = 0;
    while (tickets.size() < options_.tickets_per_call) {
      if (!tickets.empty() && !ready()) break;
      if (!ahead_.has_value()) ahead_ = list_.next();
      if (!ahead_.has_value()) break;
      bytes += ahead_->id.size() + ahead_->subject.size() + ahead_->body.size();
      if (!tickets.empty() && bytes > options_.bytes_per_call) break;
      tickets.push_back(*std::exchange(ahead_, std::nullopt));
    }
    return tickets;
  }

 private:
  const TicketList& list_;
  const ManyOptions& options_;
  std::optional<TicketText> ahead_;  // read, but too long for the call before
};

}  // namespace

absl::Status ManyOptions::Validate() const {
  GUICHET_RETURN_IF_ERROR(CheckRange("tickets_per_call", tickets_per_call, 1, 1024));
  GUICHET_RETURN_IF_ERROR(CheckRange("bytes_per_call", bytes_per_call, 1 << 10, 64 << 20));
  GUICHET_RETURN_IF_ERROR(CheckRange("calls_in_flight", calls_in_flight, 1, 64));
  if (call_timeout.count() < 1 || call_timeout > std::chrono::hours(1)) {
    return absl::InvalidArgumentError(
        fmt::format("call_timeout is {} ms; it must lie in [1, 3600000]", call_timeout.count()));
  }
  return absl::OkStatus();
}

void ClassifyMany(Connection& connection, const ClassifyOptions& classify,
                  const ManyOptions& options, const TicketList& list) {
  CallCutter cutter(list, options);
  std::deque<std::shared_ptr<PendingCall>> under_way;  // in the order of the list
  bool more = true;
  while (true) {
    while (more && under_way.size() < options.calls_in_flight &&
           (under_way.empty() || cutter.ready())) {
      std::vector<TicketText> tickets = cutter.Next();
      more = !tickets.empty();
      if (!more) break;
      under_way.push_back(std::make_shared<PendingCall>(tickets.size()));
      connection.Classify(
          {.tickets = std::move(tickets), .options = classify, .timeout = options.call_timeout},
          [call = under_way.back()](absl::StatusOr<ClassifyReply> reply) {
            call->Complete(std::move(reply));
          });
    }
    if (under_way.empty() || !under_way.front()->Wait(list.stop)) return;
    if (!under_way.front()->Deliver(list)) return;
    under_way.pop_front();
  }
}

}  // namespace guichet
