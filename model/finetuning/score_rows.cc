#include "model/finetuning/score_rows.h"

#include <algorithm>
#include <numeric>

namespace guichet {
namespace {

using Scores = std::vector<absl::StatusOr<std::vector<float>>>;

// Scores the rows of one batch into their places; one by one when the batch is refused, to find the
// row at fault.
void ScoreBatch(const TextClassifier& classifier, std::span<const std::vector<TokenId>> rows,
                std::span<const std::size_t> batch, Scores& scores) {
  std::vector<std::span<const TokenId>> views;
  for (const std::size_t index : batch) views.emplace_back(rows[index]);
  auto logits = classifier.Logits(views);
  if (!logits.ok() && batch.size() > 1) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      ScoreBatch(classifier, rows, batch.subspan(i, 1), scores);
    }
    return;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (logits.ok()) {
      scores[batch[i]] = std::move((*logits)[i]);
    } else {
      scores[batch[i]] = logits.status();
    }
  }
}

}  // namespace

Scores ScoreRows(const TextClassifier& classifier, std::span<const std::vector<TokenId>> rows,
                 std::int64_t batch_tokens, const std::function<void()>& before_batch) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows[a].size() < rows[b].size(); });
  Scores scores(rows.size(), absl::InternalError("not scored"));
  std::size_t begin = 0;
  std::int64_t tokens = 0;
  for (std::size_t end = 0; end <= order.size(); ++end) {
    const std::int64_t next =
        end < order.size() ? static_cast<std::int64_t>(rows[order[end]].size()) : 0;
    if (end > begin && (end == order.size() || tokens + next > batch_tokens)) {
      if (before_batch) before_batch();
      ScoreBatch(classifier, rows, std::span(order).subspan(begin, end - begin), scores);
      begin = end;
      tokens = 0;
    }
    tokens += next;
  }
  return scores;
}

}  // namespace guichet
