#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace guichet {

struct Candidate {
  float score = 0.0F;
  std::size_t index = 0;
};

// The `count` largest of a stream of scores in falling order, found in one pass with a heap of
// `count`. Equal scores come as at::topk leaves them on a CPU, whose std::partial_sort this is,
// step by step. Not thread-safe.
class TopCandidates {
 public:
  explicit TopCandidates(std::size_t count);  // at least 1

  // The next scores of the stream, `offset` added to each.
  void Add(std::span<const float> scores, float offset);
  // Their index is the place in the stream. Ends the stream.
  std::vector<Candidate> Take();

 private:
  const std::size_t count_;
  std::size_t seen_ = 0;
  std::vector<Candidate> heap_;  // the worst in front once there are `count`
};

// The indices of the `count` largest of a few scores in falling order, ties as at::topk's.
std::vector<std::size_t> TopIndices(std::span<const float> scores, std::size_t count);

}  // namespace guichet
