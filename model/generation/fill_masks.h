#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/generation/step_decoder.h"
#include "model/text/tokenizer.h"

namespace guichet {

struct ExpectedToken {
  TokenId id = 0;
  float probability = 0.0F;
};

// What a model expects in the place of one <mask>.
struct FilledMask {
  std::size_t position = 0;           // of the mask in the row
  std::vector<ExpectedToken> tokens;  // likeliest first
};

// The `count` likeliest tokens at each mask of `ids`, of which the decoder's item 0 is the encoded
// row, when the decoder is made to write the row itself: the logits of transformers' model(ids),
// whose decoder input is the row shifted right, its last token in front. count: 1 to the
// vocabulary.
absl::StatusOr<std::vector<FilledMask>> FillMasks(StepDecoder& decoder,
                                                  std::span<const TokenId> ids, TokenId mask,
                                                  std::size_t count);

}  // namespace guichet
