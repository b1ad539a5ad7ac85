#include "server/pipeline/inference_pipeline.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "server/base/thread_name.h"
#include "server/base/thread_priority.h"
#include "server/pipeline/batch_worker.h"
#include "server/pipeline/expiry_timer.h"
#include "server/pipeline/pipeline_state.h"

namespace guichet {
namespace {

absl::Status CheckItem(const InferenceItem& item) {
  if (item.model == nullptr || item.model->classifier == nullptr || item.done == nullptr) {
    return absl::InvalidArgumentError("an item has no model or nobody to answer to");
  }
  if (item.tokens.empty()) return absl::InvalidArgumentError("a text has no tokens");
  return absl::OkStatus();
}

}  // namespace

InferencePipeline::InferencePipeline(const PipelineOptions& options, const Clock& clock,
                                     PipelineObserver& observer, const WorkerStart& on_worker_start)
    : state_(std::make_shared<PipelineState>(options, clock, observer)) {
  const auto workers = static_cast<std::size_t>(options.worker_count());
  const int operation_threads = std::max(options.threads_per_worker, 1);
  for (std::size_t i = 0; i < workers; ++i) {
    threads_.emplace_back([state = state_, i, operation_threads, on_worker_start] {
      SetThreadName(fmt::format("batch-{}", i));
      SetThreadNice(state->options().worker_nice);
      if (on_worker_start) on_worker_start(operation_threads);
      RunBatchWorker(state, i);
    });
  }
  threads_.emplace_back([state = state_, workers] {
    SetThreadName("batch-expiry");
    RunExpiryTimer(state, workers);
  });
}

InferencePipeline::~InferencePipeline() {
  state_->FailQueued();
  const Clock& clock = state_->clock();
  const SteadyTime deadline = clock.Now() + state_->options().stuck_device_wait;
  state_->Shutdown(deadline);
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (state_->AwaitThread(i, deadline)) {
      threads_[i].join();
    } else {
      threads_[i].detach();
    }
  }
}

absl::Status InferencePipeline::Submit(std::vector<InferenceItem> items, WhenFull when_full) {
  if (items.empty()) return absl::OkStatus();
  std::size_t tokens = 0;
  SteadyTime first_deadline = SteadyTime::max();
  PendingTexts texts;
  texts.reserve(items.size());
  for (InferenceItem& item : items) {
    if (absl::Status status = CheckItem(item); !status.ok()) return status;
    tokens += item.tokens.size();
    first_deadline = std::min(first_deadline, item.deadline);
    texts.push_back(
        std::make_unique<PendingText>(PendingText{.item = std::move(item), .enqueued = {}}));
  }
  return state_->Submit(texts, tokens, first_deadline, when_full);
}

absl::Status InferencePipeline::CheckRoom(std::size_t texts, SteadyTime first_deadline,
                                          WhenFull when_full) {
  return state_->CheckRoom(texts, first_deadline, when_full);
}

std::chrono::nanoseconds InferencePipeline::EstimatedWait() const {
  return state_->EstimatedWait();
}

void InferencePipeline::Drain() { state_->Drain(); }

void InferencePipeline::Shutdown(SteadyTime deadline) { state_->Shutdown(deadline); }

}  // namespace guichet
