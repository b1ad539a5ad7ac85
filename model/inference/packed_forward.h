#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "model/inference/packed_batch.h"
#include "model/inference/prepared_weights.h"
#include "model/inference/varlen_attention.h"
#include "model/network/bart_config.h"

namespace guichet {

// The forward pass of a classifier on packed rows: mathematics of Hugging Face's
// MBartForSequenceClassification and of the encoder-only form, without a padded position anywhere.
// Returns fp32 logits [rows, labels] on the CPU, in packed order. Throws c10::Error when the device
// fails (text_classifier.cc is the wall).
at::Tensor ForwardPacked(const PreparedWeights& weights, const BartConfig& config, HeadKind head,
                         Pooling pooling, const PackedBatch& batch, const at::Device& device);

}  // namespace guichet
