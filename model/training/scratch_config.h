#pragma once

#include <string>
#include <vector>

#include "model/network/bart_config.h"
#include "model/training/training_plan.h"

namespace guichet {

// The shape of a small classifier that learns from its own texts alone: an mBART encoder with mean
// pooling, a few million parameters, most of them in the word matrix.
struct SmallModelOptions {
  int vocab_size = 50002;  // of the tokenizer
  int d_model = 128;       // divisible by heads
  int layers = 2;
  int heads = 4;
  int ffn_dim = 512;
  int max_tokens = 256;  // positions
  double dropout = 0.1;
};

// INVALID_ARGUMENT as ParseBartConfig.
absl::StatusOr<BartConfig> SmallConfig(const SmallModelOptions& options,
                                       std::vector<std::string> labels);

// The plan that such a model starts from on some thousands of short texts: two minutes on two
// cores.
TrainingPlan SmallModelPlan();

}  // namespace guichet
