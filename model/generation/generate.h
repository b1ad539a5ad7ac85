#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/generation/beam_search.h"
#include "model/generation/generation_options.h"
#include "model/generation/step_decoder.h"

namespace guichet {

// A token that has just been added to a sequence for good.
struct NewToken {
  std::size_t item = 0;
  int sequence = 0;  // of the item, below num_return_sequences
  TokenId id = 0;
};

// Called after each step, with the step's tokens in greedy search and sampling and with none in a
// beam search, where nothing is for good before the end. False ends the generation: CANCELLED.
using GenerationObserver = std::function<bool(std::span<const NewToken>)>;

// Sequences for each item of the decoder, num_return_sequences of them: greedy, by sampling, by
// beams or by sampled beams, as the options say. items[i] is the stream of random numbers of item
// i, so that a text gets the same samples whatever batch it is in. An item that is finished leaves
// the batch. In greedy search and sampling a score is made of the model's own log probabilities,
// before any processor. The options must have passed Validate.
absl::StatusOr<std::vector<std::vector<GeneratedSequence>>> Generate(
    StepDecoder& decoder, std::span<const std::uint64_t> items, const GenerationOptions& options,
    const GenerationObserver& observer = {});

}  // namespace guichet
