#pragma once

#include <cstddef>
#include <span>

// Loops over the scores of a whole vocabulary, which a search runs for each beam and step.

namespace guichet {

// log(sum of e^score), without overflow. At least one score.
float LogSumExp(std::span<const float> scores);

// Logits become log probabilities: score - LogSumExp(scores).
void LogSoftmax(std::span<float> scores);

// The first index from `begin` on whose score + offset is above `threshold`; scores.size() when
// there is none.
std::size_t FindAbove(std::span<const float> scores, std::size_t begin, float offset,
                      float threshold);

}  // namespace guichet
