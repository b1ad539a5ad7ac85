#include "server/pipeline/batch_worker.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/pipeline/pipeline_state.h"

namespace guichet {
namespace {

using Row = std::span<const TokenId>;
using RowResult = absl::StatusOr<std::vector<float>>;

// What the device made of a batch.
struct Outcome {
  std::vector<RowResult> rows;
  std::size_t device_failures = 0;
};

void Fail(std::size_t rows, const absl::Status& status, Outcome& outcome) {
  outcome.rows.insert(outcome.rows.end(), rows, RowResult(status));
}

bool IsFinite(const std::vector<float>& row) {
  return std::ranges::all_of(row, [](float logit) { return std::isfinite(logit); });
}

void RunRows(const TextClassifier& classifier, std::span<const Row> rows, Outcome& outcome) {
  absl::StatusOr<std::vector<std::vector<float>>> logits = classifier.Logits(rows);
  if (logits.ok() && logits->size() == rows.size()) {
    for (std::vector<float>& row : *logits) {
      if (IsFinite(row)) {
        outcome.rows.emplace_back(std::move(row));
      } else {
        ++outcome.device_failures;
        Fail(1, absl::InternalError("the model failed: its scores are not finite numbers"),
             outcome);
      }
    }
    return;
  }
  if (absl::IsInvalidArgument(logits.status())) {
    if (rows.size() == 1) {
      Fail(1, logits.status(), outcome);
      return;
    }
    // One row is bad: halve until it is alone, so that its neighbours are answered.
    RunRows(classifier, rows.first(rows.size() / 2), outcome);
    RunRows(classifier, rows.subspan(rows.size() / 2), outcome);
    return;
  }
  const std::string cause =
      logits.ok() ? fmt::format("{} rows came back of {}", logits->size(), rows.size())
                  : std::string(logits.status().message());
  outcome.device_failures += rows.size();
  Fail(rows.size(), absl::InternalError("the model failed: " + cause), outcome);
}

Outcome RunBatch(const RunningBatch& batch) {
  std::vector<Row> rows;
  rows.reserve(batch.texts.size());
  for (const std::unique_ptr<PendingText>& text : batch.texts) rows.emplace_back(text->item.tokens);
  Outcome outcome;
  outcome.rows.reserve(rows.size());
  RunRows(*batch.texts.front()->item.model->classifier, rows, outcome);
  return outcome;
}

void Complete(RunningBatch& batch, Outcome outcome, std::chrono::nanoseconds infer_time) {
  for (std::size_t i = 0; i < batch.texts.size(); ++i) {
    std::unique_ptr<PendingText> text = std::move(batch.texts[i]);
    text->item.done({.logits = std::move(outcome.rows[i]),
                     .queue_time = batch.started - text->enqueued,
                     .infer_time = infer_time});
  }
}

}  // namespace

void RunBatchWorker(const std::shared_ptr<PipelineState>& state, std::size_t thread) {
  bool after_work = false;
  for (;;) {
    PipelineState::Work work = state->NextBatch(thread, after_work);
    if (work.stop) break;
    after_work = true;
    Answer(std::move(work.dropped), work.now);
    if (work.batch == nullptr) continue;
    Outcome outcome = RunBatch(*work.batch);
    const std::optional<std::chrono::nanoseconds> infer_time =
        state->Finish(*work.batch, outcome.device_failures);
    if (!infer_time) break;
    Complete(*work.batch, std::move(outcome), *infer_time);
  }
  state->ThreadEnded(thread);
}

}  // namespace guichet
