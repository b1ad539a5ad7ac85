// What holds of the queue over any history of arrivals, batches, cancellations and time.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "server/pipeline/request_queue.h"
#include "tests/support/fake_classifier.h"

namespace guichet {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A queue beside a plain list of what must be in it.
class ModelledQueue {
 public:
  ModelledQueue(std::uint64_t seed, const PipelineOptions& options)
      : options_(options), random_(seed), queue_(options) {
    for (int version = 1; version <= 3; ++version) {
      models_.push_back(std::make_shared<ServedModel>(
          ServedModel{.name = "m",
                      .version = version,
                      .classifier = std::make_shared<FakeClassifier>(version)}));
    }
  }

  void Step() {
    now_ += microseconds(random_.Below(5'000));
    const std::uint64_t choice = random_.Below(10);
    if (choice < 5) {
      Arrive();
    } else if (choice < 8) {
      Take();
    } else if (choice < 9) {
      CancelOne();
    } else {
      Sweep();
    }
    CheckTotals();
  }

  // Without arrivals, batches empty the queue, one text at least each.
  void Empty() {
    std::size_t batches = waiting_.size();
    while (!queue_.empty()) {
      ASSERT_GT(batches--, 0U);
      Take();
    }
    CheckTotals();
    EXPECT_TRUE(waiting_.empty());
  }

  int served() const { return served_; }
  int expired() const { return expired_; }
  int cancelled() const { return cancelled_; }
  int longest_wait() const { return longest_wait_; }

 private:
  struct Waiting {
    std::size_t tokens = 0;
    SteadyTime deadline;
    std::shared_ptr<std::atomic<bool>> flag;
    int version = 0;
    int batches_at_arrival = 0;  // of its version
    std::size_t before = 0;      // texts of its version that waited when it came
  };

  void Arrive() {
    PendingTexts texts;
    std::size_t tokens = 0;
    const std::size_t count = 1 + random_.Below(6);
    std::vector<Waiting> arrivals;
    for (std::size_t i = 0; i < count; ++i) {
      const ModelLease& model = models_[random_.Below(random_.Chance(0.8) ? 1 : 3)];
      Waiting arrival{.tokens = 1 + random_.Below(150),
                      .deadline = random_.Chance(0.5) ? SteadyTime::max()
                                                      : now_ + microseconds(random_.Below(200'000)),
                      .flag = std::make_shared<std::atomic<bool>>(false),
                      .version = static_cast<int>(model->version)};
      auto text = std::make_unique<PendingText>();
      text->item.model = model;
      text->item.tokens.assign(arrival.tokens, next_id_ + static_cast<int>(i));
      text->item.deadline = arrival.deadline;
      text->item.cancelled = arrival.flag;
      tokens += arrival.tokens;
      texts.push_back(std::move(text));
      arrivals.push_back(std::move(arrival));
    }
    const bool fits = queue_.texts() + count <= options_.max_queue_texts &&
                      queue_.tokens() + tokens <= options_.max_queue_tokens;
    ASSERT_EQ(queue_.RoomFor(count, tokens) == RequestQueue::Room::kYes, fits);
    if (!fits) return;
    queue_.Push(std::move(texts), now_);
    for (Waiting& arrival : arrivals) {
      arrival.batches_at_arrival = batches_[arrival.version];
      arrival.before = static_cast<std::size_t>(std::count_if(
          waiting_.begin(), waiting_.end(),
          [&](const auto& entry) { return entry.second.version == arrival.version; }));
      waiting_.emplace(next_id_++, std::move(arrival));
    }
  }

  void Take() {
    DroppedTexts dropped;
    RequestQueue::Batch batch = queue_.TakeBatch(now_, milliseconds(3), true, dropped);
    CheckDropped(dropped);
    if (batch.texts.empty()) return;
    std::size_t tokens = 0;
    const std::int64_t version = batch.texts.front()->item.model->version;
    for (const auto& text : batch.texts) {
      const auto found = waiting_.find(text->item.tokens.front());
      ASSERT_NE(found, waiting_.end()) << "served twice, or never submitted";
      EXPECT_EQ(text->item.model->version, version);
      EXPECT_GT(found->second.deadline, now_);
      EXPECT_FALSE(found->second.flag->load());
      tokens += found->second.tokens;
      CheckWait(found->second);
      waiting_.erase(found);
      ++served_;
    }
    EXPECT_EQ(batch.tokens, tokens);
    EXPECT_LE(batch.texts.size(), options_.max_batch_texts);
    if (batch.texts.size() > 1) {
      EXPECT_LE(tokens, options_.max_batch_tokens);
    }
    ++batches_[static_cast<int>(version)];
  }

  // Nothing starves: a text waits for those before it, one batch each at most, and then for its own
  // window.
  void CheckWait(const Waiting& text) {
    const int waited = batches_[text.version] - text.batches_at_arrival;
    longest_wait_ = std::max(longest_wait_, waited);
    EXPECT_LE(waited, static_cast<int>(text.before + options_.length_window_texts));
  }

  void CancelOne() {
    if (waiting_.empty()) return;
    auto chosen = waiting_.begin();
    std::advance(chosen, random_.Below(waiting_.size()));
    chosen->second.flag->store(true);
  }

  void Sweep() {
    DroppedTexts dropped;
    queue_.Sweep(now_, dropped);
    CheckDropped(dropped);
    for (const auto& [id, text] : waiting_) {
      EXPECT_GT(text.deadline, now_);
      EXPECT_FALSE(text.flag->load());
    }
  }

  void CheckDropped(const DroppedTexts& dropped) {
    for (const auto& text : dropped.expired) {
      const auto found = waiting_.find(text->item.tokens.front());
      ASSERT_NE(found, waiting_.end());
      EXPECT_LE(found->second.deadline, now_);
      waiting_.erase(found);
      ++expired_;
    }
    for (const auto& text : dropped.cancelled) {
      const auto found = waiting_.find(text->item.tokens.front());
      ASSERT_NE(found, waiting_.end());
      EXPECT_TRUE(found->second.flag->load());
      waiting_.erase(found);
      ++cancelled_;
    }
  }

  void CheckTotals() const {
    std::size_t tokens = 0;
    for (const auto& [id, text] : waiting_) tokens += text.tokens;
    EXPECT_EQ(queue_.texts(), waiting_.size());
    EXPECT_EQ(queue_.tokens(), tokens);
    EXPECT_EQ(queue_.empty(), waiting_.empty());
  }

  const PipelineOptions options_;
  Random random_;
  RequestQueue queue_;
  std::vector<ModelLease> models_;
  SteadyTime now_ = SteadyTime(std::chrono::hours(1));
  std::map<int, Waiting> waiting_;
  std::map<int, int> batches_;  // of each version so far
  int next_id_ = 1;
  int served_ = 0;
  int expired_ = 0;
  int cancelled_ = 0;
  int longest_wait_ = 0;
};

TEST(RequestQueuePropertyTest, EveryTextComesOutOnceAndInBoundedTime) {
  int served = 0;
  int expired = 0;
  int cancelled = 0;
  int longest_wait = 0;
  for (std::uint64_t seed = 1; seed <= 60 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    PipelineOptions options;
    options.max_queue_texts = 50;
    options.max_queue_tokens = 4000;
    options.max_batch_tokens = 200;
    options.max_batch_texts = 5;
    options.max_length_sort_delay = milliseconds(seed % 2 == 0 ? 20 : 60'000);
    options.length_window_texts = 1 + seed % 16;
    ModelledQueue queue(seed, options);
    for (int step = 0; step < 1500 && !testing::Test::HasFailure(); ++step) queue.Step();
    queue.Empty();
    served += queue.served();
    expired += queue.expired();
    cancelled += queue.cancelled();
    longest_wait = std::max(longest_wait, queue.longest_wait());
  }
  // The histories did what they are for.
  EXPECT_GT(served, 10'000);
  EXPECT_GT(expired, 1'000);
  EXPECT_GT(cancelled, 1'000);
  EXPECT_GT(longest_wait, 5);
}

}  // namespace
}  // namespace guichet
