#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/mutex.h"
#include "server/pipeline/inference_pipeline.h"
#include "server/pipeline/pipeline_observer.h"
#include "tests/support/fake_classifier.h"
#include "tests/support/fake_clock.h"

namespace guichet {

// Keeps what the pipeline reports. Thread-safe.
class RecordingObserver final : public PipelineObserver {
 public:
  struct Batch {
    std::size_t texts;
    std::size_t tokens;
    BatchCloseReason reason;
    std::chrono::nanoseconds infer_time;
  };

  void OnQueueChanged(std::size_t texts, std::size_t tokens) override {
    MutexLock lock(mutex_);
    queue_ = {texts, tokens};
  }
  void OnOldestAge(std::chrono::nanoseconds age) override {
    MutexLock lock(mutex_);
    oldest_age_ = age;
  }
  void OnRejected(std::string_view reason, std::size_t texts) override {
    MutexLock lock(mutex_);
    rejected_[std::string(reason)] += texts;
  }
  void OnBatch(std::size_t texts, std::size_t tokens, BatchCloseReason reason,
               std::chrono::nanoseconds infer_time) override {
    MutexLock lock(mutex_);
    batches_.push_back({texts, tokens, reason, infer_time});
  }
  void OnDeviceError() override {
    MutexLock lock(mutex_);
    ++device_errors_;
  }

  std::pair<std::size_t, std::size_t> queue() const {
    MutexLock lock(mutex_);
    return queue_;
  }
  std::chrono::nanoseconds oldest_age() const {
    MutexLock lock(mutex_);
    return oldest_age_;
  }
  std::map<std::string, std::size_t> rejected() const {
    MutexLock lock(mutex_);
    return rejected_;
  }
  std::vector<Batch> batches() const {
    MutexLock lock(mutex_);
    return batches_;
  }
  int device_errors() const {
    MutexLock lock(mutex_);
    return device_errors_;
  }

 private:
  mutable Mutex mutex_;
  std::pair<std::size_t, std::size_t> queue_ GUICHET_GUARDED_BY(mutex_){};
  std::chrono::nanoseconds oldest_age_ GUICHET_GUARDED_BY(mutex_){};
  std::map<std::string, std::size_t> rejected_ GUICHET_GUARDED_BY(mutex_);
  std::vector<Batch> batches_ GUICHET_GUARDED_BY(mutex_);
  int device_errors_ GUICHET_GUARDED_BY(mutex_) = 0;
};

// A pipeline over a fake classifier and a fake clock.
class PipelineTest : public testing::Test {
 protected:
  void Start(const PipelineOptions& options = {}) {
    pipeline_ = std::make_unique<InferencePipeline>(options, clock_, observer_);
  }

  static ModelLease Serve(std::shared_ptr<const FakeClassifier> classifier,
                          std::int64_t version = 1) {
    return std::make_shared<ServedModel>(
        ServedModel{.name = "fake", .version = version, .classifier = std::move(classifier)});
  }

  // A text whose tokens all are `id`, and its answer.
  struct Asked {
    InferenceItem item;
    std::future<InferenceResult> answer;
  };
  Asked Ask(TokenId id, std::size_t tokens = 1) const {
    auto promise = std::make_shared<std::promise<InferenceResult>>();
    Asked asked;
    asked.answer = promise->get_future();
    asked.item.model = model_;
    asked.item.tokens.assign(tokens, id);
    asked.item.done = [promise](InferenceResult result) { promise->set_value(std::move(result)); };
    return asked;
  }

  absl::Status SubmitOne(Asked& asked) {
    std::vector<InferenceItem> items;
    items.push_back(std::move(asked.item));
    return pipeline_->Submit(std::move(items));
  }
  // Submits a text that must be taken.
  std::future<InferenceResult> Send(TokenId id, std::size_t tokens = 1,
                                    SteadyTime deadline = SteadyTime::max(),
                                    CancellationFlag cancelled = nullptr) {
    Asked asked = Ask(id, tokens);
    asked.item.deadline = deadline;
    asked.item.cancelled = std::move(cancelled);
    const absl::Status status = SubmitOne(asked);
    EXPECT_TRUE(status.ok()) << status;
    return std::move(asked.answer);
  }

  // A text on the device, which holds it until the test releases it.
  std::future<InferenceResult> Occupy() {
    classifier_->Hold();
    std::future<InferenceResult> answer = Send(1);
    classifier_->AwaitCalls(1);
    return answer;
  }

  FakeClock clock_;
  RecordingObserver observer_;
  const std::shared_ptr<FakeClassifier> classifier_ = std::make_shared<FakeClassifier>();
  const ModelLease model_ = Serve(classifier_);
  std::unique_ptr<InferencePipeline> pipeline_;
};

}  // namespace guichet
