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
  double init_std = 0.05;  // of new weights; narrow models learn faster with more than mBART's 0.02
};

// INVALID_ARGUMENT as ParseBartConfig.
absl::StatusOr<BartConfig> SmallConfig(const SmallModelOptions& options,
                                       std::vector<std::string> labels);

// The plan that such a model starts from on some thousands of short texts: two minutes on two
// cores.
TrainingPlan SmallModelPlan();

// Shape and plan for some ten thousands of real texts of uneven topics, which a model from scratch
// over-fits: stronger regularisation, weights averaged, labels balanced. A quarter of an hour on
// two cores.
SmallModelOptions PressTopicsModel();
TrainingPlan PressTopicsPlan();

}  // namespace guichet
