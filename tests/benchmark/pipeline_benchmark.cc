// Texts a second through the pipeline with a classifier that does nothing, and what it costs to
// choose a batch: what is left of the machine for the model.

#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/random.h"
#include "server/pipeline/batch_policy.h"
#include "server/pipeline/inference_pipeline.h"
#include "server/pipeline/pipeline_observer.h"

namespace guichet {
namespace {

class NoClassifier final : public TextClassifier {
 public:
  absl::StatusOr<Encoding> Encode(std::string_view) const override { return Encoding{}; }
  absl::StatusOr<std::vector<std::vector<float>>> Logits(
      std::span<const std::span<const TokenId>> rows) const override {
    return std::vector<std::vector<float>>(rows.size(), std::vector<float>(12));
  }
  const BundleManifest& manifest() const override { return manifest_; }
  std::string_view device() const override { return "cpu"; }
  std::string_view dtype() const override { return "fp32"; }
  std::size_t weight_bytes() const override { return 0; }

 private:
  BundleManifest manifest_;
};

class NoObserver final : public PipelineObserver {
 public:
  void OnQueueChanged(std::size_t, std::size_t) override {}
  void OnOldestAge(std::chrono::nanoseconds) override {}
  void OnRejected(std::string_view, std::size_t) override {}
  void OnBatch(std::size_t texts, std::size_t, BatchCloseReason,
               std::chrono::nanoseconds) override {
    texts_ += texts;
    ++batches_;
  }
  void OnDeviceError() override {}

  double mean_batch() const {
    return batches_ == 0 ? 0.0 : static_cast<double>(texts_) / static_cast<double>(batches_);
  }

 private:
  std::atomic<std::size_t> texts_{0};
  std::atomic<std::size_t> batches_{0};
};

constexpr std::size_t kTokens = 35;

InferenceItem Item(const ModelLease& model, std::function<void(InferenceResult)> done) {
  InferenceItem item;
  item.model = model;
  item.tokens.assign(kTokens, 7);
  item.deadline = Clock::System().Now() + std::chrono::seconds(1);
  item.done = std::move(done);
  return item;
}

// `range(0)` callers, each with one text in flight and the next submitted by the completion of the
// one before, as gRPC reactors do.
void SubmitToComplete(benchmark::State& state) {
  NoObserver observer;
  PipelineOptions options;
  InferencePipeline pipeline(options, Clock::System(), observer);
  const auto model = std::make_shared<ServedModel>(
      ServedModel{.name = "none", .version = 1, .classifier = std::make_shared<NoClassifier>()});
  std::counting_semaphore<> free(state.range(0));
  for (auto _ : state) {
    free.acquire();
    std::vector<InferenceItem> items;
    items.push_back(Item(model, [&free](const InferenceResult&) { free.release(); }));
    if (!pipeline.Submit(std::move(items)).ok()) state.SkipWithError("refused");
  }
  for (std::int64_t i = 0; i < state.range(0); ++i) free.acquire();
  state.SetItemsProcessed(state.iterations());
  state.counters["mean_batch"] = observer.mean_batch();
}
BENCHMARK(SubmitToComplete)->Arg(1)->Arg(64)->Arg(1024)->UseRealTime();

// Calls of many texts.
void SubmitManyToComplete(benchmark::State& state) {
  NoObserver observer;
  InferencePipeline pipeline(PipelineOptions{}, Clock::System(), observer);
  const auto model = std::make_shared<ServedModel>(
      ServedModel{.name = "none", .version = 1, .classifier = std::make_shared<NoClassifier>()});
  constexpr std::int64_t kInFlight = 4;
  const std::int64_t texts = state.range(0);
  std::counting_semaphore<> free(kInFlight);
  for (auto _ : state) {
    free.acquire();
    const auto left = std::make_shared<std::atomic<std::int64_t>>(texts);
    std::vector<InferenceItem> items;
    for (std::int64_t i = 0; i < texts; ++i) {
      items.push_back(Item(model, [&free, left](const InferenceResult&) {
        if (left->fetch_sub(1) == 1) free.release();
      }));
    }
    if (!pipeline.Submit(std::move(items)).ok()) state.SkipWithError("refused");
  }
  for (std::int64_t i = 0; i < kInFlight; ++i) free.acquire();
  state.SetItemsProcessed(state.iterations() * texts);
  state.counters["mean_batch"] = observer.mean_batch();
}
BENCHMARK(SubmitManyToComplete)->Arg(32)->Arg(512)->UseRealTime();

// One decision over a full window.
void Decide(benchmark::State& state) {
  Random random(1);
  const SteadyTime now = Clock::System().Now();
  std::vector<WaitingText> texts;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    texts.push_back({.tokens = 5 + static_cast<std::uint32_t>(random.Below(100)),
                     .enqueued = now - std::chrono::microseconds(random.Below(150'000))});
  }
  const PipelineOptions options;
  for (auto _ : state) benchmark::DoNotOptimize(DecideBatch({.texts = texts}, now, options));
}
BENCHMARK(Decide)->Arg(32)->Arg(512);

}  // namespace
}  // namespace guichet

BENCHMARK_MAIN();
