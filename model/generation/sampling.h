#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/random.h"
#include "model/generation/generation_options.h"

// Drawing the next token. The filters are Hugging Face's TemperatureLogitsWarper,
// TopKLogitsWarper and TopPLogitsWarper (transformers 4.57); the draws are our own, repeatable on
// every machine.

namespace guichet {

// Divides by the temperature, then bans (-infinity) what is outside the top_k, then what is outside
// the top_p; at least `least_kept` tokens stay.
void FilterForSampling(const GenerationOptions& options, std::size_t least_kept,
                       std::span<float> scores);

// softmax(scores): the probabilities that Draw draws by.
std::vector<float> Probabilities(std::span<const float> scores);

// An index, each with the probability softmax(scores) gives it; one score at least is finite.
std::size_t Draw(std::span<const float> scores, Random& random);

// `count` different indices one after the other, each drawn among those left; fewer when fewer
// scores are finite.
std::vector<std::size_t> DrawWithoutReplacement(std::span<const float> scores, std::size_t count,
                                                Random& random);

}  // namespace guichet
