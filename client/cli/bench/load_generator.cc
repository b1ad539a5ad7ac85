#include "client/cli/bench/load_generator.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/random.h"
#include "client/error_details.h"

namespace guichet {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStopPoll{50};

// One run. Callbacks come on the connections' threads; the calling thread paces and waits.
class LoadRun {
 public:
  LoadRun(const std::vector<std::shared_ptr<Connection>>& connections,
          const std::vector<TicketText>& tickets, const LoadOptions& options)
      : connections_(connections),
        tickets_(tickets),
        options_(options),
        begin_(steady_clock::now() + options.warm_up),
        end_(begin_ + options.duration) {}

  LoadReport Run(const std::function<bool()>& stop) {
    if (options_.rate > 0) {
      SendAtRandom(stop);
    } else {
      for (int i = 0; i < options_.concurrency; ++i) Send(steady_clock::now());
    }
    while (steady_clock::now() < end() && !stop()) std::this_thread::sleep_for(kStopPoll);
    const SteadyTime stopped = std::min(steady_clock::now(), end());
    stopped_.store(stopped);
    MutexLock lock(mutex_);
    while (in_flight_ > 0) idle_.Wait(mutex_);
    report_.seconds =
        std::max(0.0, std::chrono::duration<double>(std::min(stopped, end_) - begin_).count());
    return report_;
  }

 private:
  SteadyTime end() const { return std::min(end_, stopped_.load()); }
  bool IsMeasured(SteadyTime time) const { return time >= begin_ && time < end(); }

  // Exponential gaps make a Poisson process. The plan is kept even when we fall behind it.
  void SendAtRandom(const std::function<bool()>& stop) {
    Random random(options_.seed);
    SteadyTime intended = steady_clock::now();
    while (true) {
      const double gap = -std::log1p(-random.Uniform()) / options_.rate;
      intended +=
          std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(gap));
      if (intended >= end_) return;
      while (steady_clock::now() < intended) {
        if (stop()) return;
        std::this_thread::sleep_until(std::min(intended, steady_clock::now() + kStopPoll));
      }
      Send(intended);
    }
  }

  void Send(SteadyTime intended) {
    if (!Enter(intended)) return;
    const std::size_t number = sent_.fetch_add(1);
    const auto texts = static_cast<std::size_t>(options_.texts_per_call);
    ClassifyCall call;
    call.timeout = options_.call_timeout;
    call.tickets.reserve(texts);
    for (std::size_t i = 0; i < texts; ++i) {
      call.tickets.push_back(tickets_[(number * texts + i) % tickets_.size()]);
    }
    connections_[number % connections_.size()]->Classify(
        std::move(call),
        [this, intended, sent = steady_clock::now()](const absl::StatusOr<ClassifyReply>& reply) {
          const SteadyTime now = steady_clock::now();
          Record({.intended = intended, .sent = sent, .answered = now}, reply);
          if (options_.rate <= 0 && now < end()) Send(now);
          Leave();
        });
  }

  bool Enter(SteadyTime intended) {
    MutexLock lock(mutex_);
    if (options_.rate > 0 && in_flight_ >= options_.max_in_flight) {
      if (IsMeasured(intended)) report_.errors["NOT_SENT"] += options_.texts_per_call;
      return false;
    }
    ++in_flight_;
    return true;
  }

  void Leave() {
    MutexLock lock(mutex_);
    if (--in_flight_ == 0) idle_.NotifyAll();
  }

  struct Times {
    SteadyTime intended;
    SteadyTime sent;
    SteadyTime answered;
  };

  void Record(const Times& times, const absl::StatusOr<ClassifyReply>& reply) {
    MutexLock lock(mutex_);
    const bool measured = IsMeasured(times.intended);
    if (measured) {
      ++report_.calls;
      if (reply.ok()) report_.latencies.Record(times.answered - times.intended);
    }
    if (!reply.ok()) {
      if (!measured) return;
      CountError(reply.status(), options_.texts_per_call);
      if (absl::IsResourceExhausted(reply.status())) {
        report_.refusals.Record(times.answered - times.sent);
      }
      return;
    }
    for (const auto& result : reply->results) {
      if (!result.ok()) {
        if (measured) CountError(result.status(), 1);
      } else if (IsMeasured(times.answered)) {
        ++report_.texts;
      }
    }
  }

  void CountError(const absl::Status& error, int texts) GUICHET_REQUIRES(mutex_) {
    if (report_.first_error.ok()) report_.first_error = error;
    report_.errors[std::string(StatusCodeName(error.code()))] += texts;
  }

  const std::vector<std::shared_ptr<Connection>>& connections_;
  const std::vector<TicketText>& tickets_;
  const LoadOptions& options_;
  const SteadyTime begin_;
  const SteadyTime end_;
  std::atomic<SteadyTime> stopped_{SteadyTime::max()};
  std::atomic<std::size_t> sent_{0};

  Mutex mutex_;
  ConditionVariable idle_;
  int in_flight_ GUICHET_GUARDED_BY(mutex_) = 0;
  LoadReport report_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace

LoadReport GenerateLoad(const std::vector<std::shared_ptr<Connection>>& connections,
                        const std::vector<TicketText>& tickets, const LoadOptions& options,
                        const std::function<bool()>& stop) {
  return LoadRun(connections, tickets, options).Run(stop);
}

}  // namespace guichet
