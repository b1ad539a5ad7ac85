#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "model/generation/step_decoder.h"
#include "model/inference/packed_batch.h"
#include "model/inference/prepared_weights.h"
#include "model/network/bart_config.h"

namespace guichet {

// Encodes a batch, once, and decodes it step by step with the keys and values of the past kept.
// Item i is the caller's row i, whatever its place in the batch. Keys and values over the encoder
// are computed once for an item and shared by all its rows; those of the past are written once and
// never moved: a row knows where its own lie. weights, config and batch must outlive it. It and its
// steps throw c10::Error when the device fails (text_generator.cc is the wall).
std::unique_ptr<StepDecoder> MakeCachedDecoder(const PreparedWeights& weights,
                                               const BartConfig& config, const PackedBatch& batch,
                                               const at::Device& device);

}  // namespace guichet
