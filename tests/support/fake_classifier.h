#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "model/inference/text_classifier.h"

namespace guichet {

// A classifier without a model: a row's logits are {its first token, its length, version}. Calls
// are recorded. A test may fail them, hold them back until it releases them, or have them last.
// Thread-safe.
class FakeClassifier final : public TextClassifier {
 public:
  struct Call {
    std::vector<std::vector<TokenId>> rows;
  };

  explicit FakeClassifier(int version = 1) : version_(version) {
    manifest_.name = "fake";
    manifest_.labels = {"first", "length", "version"};
    manifest_.max_tokens = 1024;
  }

  // Calls wait until Release; Release(n) lets n of them through.
  void Hold() {
    MutexLock lock(mutex_);
    held_ = true;
  }
  void Release(int calls) {
    MutexLock lock(mutex_);
    permits_ += calls;
    changed_.NotifyAll();
  }
  void ReleaseAll() {
    MutexLock lock(mutex_);
    held_ = false;
    changed_.NotifyAll();
  }
  // Called on the way into every call, under no lock: to move a fake clock, for example.
  void OnCall(std::function<void()> hook) {
    MutexLock lock(mutex_);
    hook_ = std::move(hook);
  }
  // Every later call fails so; OK: none.
  void FailWith(absl::Status status) {
    MutexLock lock(mutex_);
    failure_ = std::move(status);
  }
  // A batch that holds a row with this first token is refused INVALID_ARGUMENT, as a real
  // classifier refuses an id outside the vocabulary.
  void RefuseToken(TokenId token) {
    MutexLock lock(mutex_);
    refused_ = token;
  }

  // Blocks until this many calls have begun.
  void AwaitCalls(std::size_t calls) const {
    MutexLock lock(mutex_);
    while (calls_.size() < calls) changed_.Wait(mutex_);
  }
  std::vector<Call> calls() const {
    MutexLock lock(mutex_);
    return calls_;
  }

  absl::StatusOr<Encoding> Encode(std::string_view text) const override {
    Encoding encoding;
    encoding.ids.push_back(0);
    for (const char byte : text) encoding.ids.push_back(static_cast<unsigned char>(byte) + 4);
    encoding.ids.push_back(2);
    return encoding;
  }

  absl::StatusOr<std::vector<std::vector<float>>> Logits(
      std::span<const std::span<const TokenId>> rows) const override {
    std::function<void()> hook;
    {
      MutexLock lock(mutex_);
      Call& call = calls_.emplace_back();
      for (const auto row : rows) call.rows.emplace_back(row.begin(), row.end());
      changed_.NotifyAll();
      hook = hook_;
      while (held_ && permits_ == 0) changed_.Wait(mutex_);
      if (held_) --permits_;
    }
    if (hook) hook();
    return Answer(rows);
  }

  const BundleManifest& manifest() const override { return manifest_; }
  std::string_view device() const override { return "cpu"; }
  std::string_view dtype() const override { return "fp32"; }
  std::size_t weight_bytes() const override { return 0; }

 private:
  absl::StatusOr<std::vector<std::vector<float>>> Answer(
      std::span<const std::span<const TokenId>> rows) const {
    MutexLock lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<std::vector<float>> logits;
    for (const auto row : rows) {
      if (row.front() == refused_) return absl::InvalidArgumentError("a row is bad");
      logits.push_back({static_cast<float>(row.front()), static_cast<float>(row.size()),
                        static_cast<float>(version_)});
    }
    return logits;
  }

  const int version_;
  BundleManifest manifest_;
  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  mutable std::vector<Call> calls_ GUICHET_GUARDED_BY(mutex_);
  bool held_ GUICHET_GUARDED_BY(mutex_) = false;
  mutable int permits_ GUICHET_GUARDED_BY(mutex_) = 0;
  std::function<void()> hook_ GUICHET_GUARDED_BY(mutex_);
  absl::Status failure_ GUICHET_GUARDED_BY(mutex_);
  TokenId refused_ GUICHET_GUARDED_BY(mutex_) = -1;
};

}  // namespace guichet
