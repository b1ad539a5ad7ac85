#include "model/training/scratch_config.h"

#include <utility>

namespace guichet {

absl::StatusOr<BartConfig> SmallConfig(const SmallModelOptions& options,
                                       std::vector<std::string> labels) {
  BartConfig config;
  config.vocab_size = options.vocab_size;
  config.d_model = options.d_model;
  config.encoder_layers = config.decoder_layers = options.layers;
  config.encoder_attention_heads = config.decoder_attention_heads = options.heads;
  config.encoder_ffn_dim = config.decoder_ffn_dim = options.ffn_dim;
  config.max_position_embeddings = options.max_tokens;
  config.dropout = options.dropout;
  config.attention_dropout = 0.0;
  config.activation_dropout = 0.0;
  config.classifier_dropout = options.dropout;
  config.init_std = options.init_std;
  config.pooling = Pooling::kMean;
  config.labels = std::move(labels);
  config.tokenizer_class = "BarthezTokenizer";
  // Through the file's rules, so that the result can be written and read back.
  return ParseBartConfig(ToJson(config));
}

TrainingPlan SmallModelPlan() {
  TrainingPlan plan;
  plan.epochs = 6;
  plan.batch_size = 32;
  plan.learning_rate = 1e-3;
  plan.weight_decay = 0.01;
  plan.max_tokens = 128;
  plan.label_smoothing = 0.05;
  plan.token_dropout = 0.1;
  plan.schedule = LearningRateSchedule::kCosine;
  return plan;
}

SmallModelOptions PressTopicsModel() {
  SmallModelOptions model;
  model.d_model = 96;
  model.layers = 1;
  model.ffn_dim = 384;
  model.dropout = 0.3;
  return model;
}

TrainingPlan PressTopicsPlan() {
  TrainingPlan plan = SmallModelPlan();
  plan.epochs = 8;
  plan.max_tokens = 96;
  plan.class_weights = ClassWeighting::kSqrtInverse;
  plan.label_smoothing = 0.1;
  plan.token_dropout = 0.3;
  plan.ema_decay = 0.999;
  plan.weight_decay = 0.05;
  return plan;
}

}  // namespace guichet
