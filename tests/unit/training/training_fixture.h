#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "model/network/bart_config.h"
#include "model/training/training_data.h"
#include "model/training/training_plan.h"

namespace guichet {

// A tiny encoder-only classifier of two labels.
inline BartConfig TinyConfig() {
  BartConfig config;
  config.vocab_size = 60;
  config.d_model = 16;
  config.encoder_layers = config.decoder_layers = 2;
  config.encoder_attention_heads = config.decoder_attention_heads = 2;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 32;
  config.max_position_embeddings = 16;
  config.pooling = Pooling::kMean;
  config.labels = {"a", "b"};
  return config;
}

// Texts that say their label by token 10 or 11 among others from 20 to 39; one of label 1 in four.
inline std::vector<TrainingExample> TinyExamples(int count, std::uint64_t seed) {
  Random random(seed);
  std::vector<TrainingExample> examples;
  for (int i = 0; i < count; ++i) {
    const int label = random.Chance(0.25) ? 1 : 0;
    TrainingExample example{.ids = {0, static_cast<TokenId>(10 + label)}, .label = label};
    const std::uint64_t words = 1 + random.Below(8);
    for (std::uint64_t w = 0; w < words; ++w) {
      example.ids.push_back(static_cast<TokenId>(20 + random.Below(20)));
    }
    example.ids.push_back(2);
    examples.push_back(example);
  }
  return examples;
}

inline TrainingPlan TinyPlan() {
  TrainingPlan plan;
  plan.epochs = 3;
  plan.batch_size = 8;
  plan.learning_rate = 5e-3;
  plan.threads = 1;
  plan.device = "cpu";
  plan.seed = 7;
  return plan;
}

}  // namespace guichet
