#pragma once

#include <cstdint>
#include <memory>

#include "model/checkpoint/checkpoint.h"
#include "model/network/bart_config.h"

namespace guichet {

// An untrained classification head for a model that has none, as Hugging Face starts it: weights
// N(0, init_std), biases 0, in fp32. The same seed gives the same head.
std::shared_ptr<const Checkpoint> NewClassificationHead(const BartConfig& config,
                                                        std::uint64_t seed);

}  // namespace guichet
