#pragma once

#include <cstddef>
#include <span>

#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

namespace guichet {

// A decoder over a batch of encoded texts, its items, that is asked for one token after the other.
// Its rows are sequences under way; whoever asks says which go on. Belongs to one generation and
// one thread.
class StepDecoder {
 public:
  virtual ~StepDecoder() = default;

  // Feeds tokens[i] to row i of this step, which continues row sources[i] of the step before; in
  // the first step sources[i] is an item. Rows of one item lie side by side. Returns logits
  // [rows, vocabulary] in fp32, valid and the caller's to overwrite until the next step. INTERNAL:
  // the device failed.
  virtual absl::StatusOr<std::span<float>> Step(std::span<const TokenId> tokens,
                                                std::span<const std::size_t> sources) = 0;
};

}  // namespace guichet
