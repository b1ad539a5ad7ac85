// Many threads submit, cancel and shut down at once, on the machine's clock; meant for the thread
// sanitizer. Whatever happens, everything taken is answered exactly once.

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "tests/unit/pipeline/pipeline_fixture.h"

namespace guichet {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class PipelineStressTest : public testing::Test {
 protected:
  struct Counts {
    std::atomic<int> taken{0};
    std::atomic<int> answered{0};
    std::atomic<int> twice{0};
    std::atomic<int> wrong{0};
    std::atomic<int> ok{0};
  };

  // Submits calls of a few texts until told to stop; some have deadlines, some are cancelled.
  void Submit(InferencePipeline& pipeline, std::uint64_t seed, int calls) {
    Random random(seed);
    for (int call = 0; call < calls; ++call) {
      const auto cancelled = std::make_shared<std::atomic<bool>>(false);
      const auto count = static_cast<int>(1 + random.Below(5));
      std::vector<InferenceItem> items;
      for (int i = 0; i < count; ++i) items.push_back(Item(random, cancelled));
      if (pipeline.Submit(std::move(items)).ok()) counts_.taken += count;
      if (random.Chance(0.2)) cancelled->store(true);
      if (random.Chance(0.05)) std::this_thread::yield();
    }
  }

  InferenceItem Item(Random& random, const CancellationFlag& cancelled) {
    InferenceItem item;
    const std::size_t version = random.Below(2);
    item.model = models_[version];
    const auto token = static_cast<TokenId>(4 + random.Below(1'000));
    item.tokens.assign(1 + random.Below(60), token);
    if (random.Chance(0.3)) {
      item.deadline = Clock::System().Now() + microseconds(random.Below(3'000));
    }
    item.cancelled = cancelled;
    const auto answered = std::make_shared<std::atomic<int>>(0);
    item.done = [this, answered, token, version](const InferenceResult& result) {
      if (answered->fetch_add(1) != 0) ++counts_.twice;
      ++counts_.answered;
      if (!result.logits.ok()) return;
      ++counts_.ok;
      const std::vector<float>& row = *result.logits;
      if (row.at(0) != static_cast<float>(token) || row.at(2) != static_cast<float>(version + 1)) {
        ++counts_.wrong;
      }
    };
    return item;
  }

  void CheckEverythingAnsweredOnce() const {
    EXPECT_EQ(counts_.answered.load(), counts_.taken.load());
    EXPECT_EQ(counts_.twice.load(), 0);
    EXPECT_EQ(counts_.wrong.load(), 0);
  }

  static PipelineOptions SmallOptions(int workers) {
    PipelineOptions options;
    options.workers = workers;
    options.max_queue_texts = 200;
    options.max_queue_tokens = 5'000;
    options.max_batch_tokens = 300;
    options.length_window_texts = 16;
    options.max_length_sort_delay = milliseconds(1);
    return options;
  }

  // Shared by all threads; the callbacks count here.
  Counts counts_;
  RecordingObserver observer_;
  const std::array<std::shared_ptr<FakeClassifier>, 2> classifiers_ = {
      std::make_shared<FakeClassifier>(1), std::make_shared<FakeClassifier>(2)};
  const std::array<ModelLease, 2> models_ = {
      std::make_shared<ServedModel>(
          ServedModel{.name = "m", .version = 1, .classifier = classifiers_[0]}),
      std::make_shared<ServedModel>(
          ServedModel{.name = "m", .version = 2, .classifier = classifiers_[1]})};
};

TEST_F(PipelineStressTest, EverythingIsAnsweredOnceUnderLoad) {
  for (const int workers : {1, 3}) {
    InferencePipeline pipeline(SmallOptions(workers), Clock::System(), observer_);
    std::vector<std::thread> callers;
    for (std::uint64_t i = 0; i < 4; ++i) {
      callers.emplace_back([&, i] { Submit(pipeline, i + 1, 1'500); });
    }
    for (std::thread& caller : callers) caller.join();
    pipeline.Shutdown(SteadyTime::max());
    CheckEverythingAnsweredOnce();
  }
  EXPECT_GT(counts_.ok.load(), 100);
}

TEST_F(PipelineStressTest, EverythingIsAnsweredOnceWhenItShutsDownUnderLoad) {
  for (std::uint64_t round = 0; round < 40; ++round) {
    InferencePipeline pipeline(SmallOptions(1 + static_cast<int>(round % 3)), Clock::System(),
                               observer_);
    std::vector<std::thread> callers;
    for (std::uint64_t i = 0; i < 3; ++i) {
      callers.emplace_back([&, i] { Submit(pipeline, round * 10 + i, 60); });
    }
    std::thread drain([&] { pipeline.Drain(); });
    const bool patient = round % 2 == 0;
    pipeline.Shutdown(patient ? SteadyTime::max() : Clock::System().Now());
    drain.join();
    for (std::thread& caller : callers) caller.join();
  }
  CheckEverythingAnsweredOnce();
}

TEST_F(PipelineStressTest, EverythingIsAnsweredOnceWhenADeviceIsLeftBehind) {
  for (std::uint64_t round = 0; round < 20; ++round) {
    PipelineOptions options = SmallOptions(2);
    options.stuck_device_wait = milliseconds(0);
    classifiers_[0]->Hold();
    {
      InferencePipeline pipeline(options, Clock::System(), observer_);
      std::thread caller([&] { Submit(pipeline, round, 30); });
      std::thread release([&] {
        if (round % 2 == 0) classifiers_[0]->ReleaseAll();
      });
      pipeline.Shutdown(Clock::System().Now() + microseconds(200 * round));
      caller.join();
      release.join();
    }
    CheckEverythingAnsweredOnce();
    classifiers_[0]->ReleaseAll();
  }
}

}  // namespace
}  // namespace guichet
