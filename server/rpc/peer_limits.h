#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"

namespace guichet {

// Counts the calls each connection has in flight and refuses those above the limit, so that one
// caller cannot take the whole queue. Thread-safe; outlives its slots. Holds one entry for each
// connection with calls in flight.
class PeerLimits {
 private:
  using Counts = std::unordered_map<std::string, std::size_t>;

 public:
  // A call's place; freed on destruction. Empty when refused.
  class Slot {
   public:
    Slot() = default;
    Slot(PeerLimits* limits, Counts::value_type* count) : limits_(limits), count_(count) {}
    Slot(Slot&& other) noexcept
        : limits_(std::exchange(other.limits_, nullptr)), count_(other.count_) {}
    Slot& operator=(Slot&& other) noexcept {
      std::swap(limits_, other.limits_);
      std::swap(count_, other.count_);
      return *this;
    }
    ~Slot() {
      if (limits_ != nullptr) limits_->Leave(count_);
    }
    explicit operator bool() const { return limits_ != nullptr; }

   private:
    PeerLimits* limits_ = nullptr;
    Counts::value_type* count_ = nullptr;
  };

  explicit PeerLimits(std::size_t max_in_flight) : max_in_flight_(max_in_flight) {}

  // `peer` names the connection, as grpc::ServerContext::peer() does.
  Slot Enter(const std::string& peer);

  std::size_t max_in_flight() const { return max_in_flight_; }

 private:
  void Leave(Counts::value_type* count);

  const std::size_t max_in_flight_;
  Mutex mutex_;
  Counts counts_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
