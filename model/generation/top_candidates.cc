#include "model/generation/top_candidates.h"

#include <algorithm>
#include <utility>

#include "model/generation/score_rows.h"

namespace guichet {
namespace {

bool Better(const Candidate& a, const Candidate& b) { return a.score > b.score; }

}  // namespace

TopCandidates::TopCandidates(std::size_t count) : count_(count) { heap_.reserve(count + 1); }

void TopCandidates::Add(std::span<const float> scores, float offset) {
  std::size_t i = 0;
  for (; i < scores.size() && heap_.size() < count_; ++i) {
    heap_.push_back({scores[i] + offset, seen_ + i});
    if (heap_.size() == count_) std::make_heap(heap_.begin(), heap_.end(), Better);
  }
  while (i < scores.size()) {
    i = FindAbove(scores, i, offset, heap_.front().score);
    if (i == scores.size()) break;
    heap_.push_back({scores[i] + offset, seen_ + i});
    std::pop_heap(heap_.begin(), heap_.end(), Better);
    heap_.pop_back();
    ++i;
  }
  seen_ += scores.size();
}

std::vector<Candidate> TopCandidates::Take() {
  if (heap_.size() < count_) std::make_heap(heap_.begin(), heap_.end(), Better);
  std::sort_heap(heap_.begin(), heap_.end(), Better);
  return std::move(heap_);
}

std::vector<std::size_t> TopIndices(std::span<const float> scores, std::size_t count) {
  std::vector<Candidate> all;
  for (std::size_t i = 0; i < scores.size(); ++i) all.push_back({scores[i], i});
  // at::topk's choice of algorithm, which decides about ties.
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(count);
  if (count * 64 <= all.size()) {
    std::partial_sort(all.begin(), end, all.end(), Better);
  } else {
    std::nth_element(all.begin(), end - 1, all.end(), Better);
    std::sort(all.begin(), end - 1, Better);
  }
  std::vector<std::size_t> indices;
  for (auto it = all.begin(); it != end; ++it) indices.push_back(it->index);
  return indices;
}

}  // namespace guichet
