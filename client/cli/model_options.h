#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/input.h"
#include "model/inference/device_options.h"

namespace guichet {

// What predict, evaluate, generate, train and pretrain are asked to do; defined and explained as
// options in commands/model_commands.cc, generate_options.cc and pretrain_options.cc.

struct PredictOptions {
  InputOptions input;
  std::string bundle;
  DeviceOptions device;
  int top_k = 0;
  float min_score = 0.0F;
  bool logits = false;
  bool ids = false;
  std::int64_t batch_tokens = 4096;
  int threads = 0;
};

struct EvaluateOptions {
  InputOptions input;  // its file is --data
  std::string bundle;
  std::string against;
  std::string html;
  DeviceOptions device;
  std::int64_t batch_tokens = 4096;
  int threads = 0;
};

struct GenerateOptions {
  InputOptions input;
  std::string model;
  DeviceOptions device;
  bool ids = false;
  int fill_mask = 0;  // tokens shown for each mask; 0: generate
  std::int64_t batch_tokens = 8192;
  int threads = 0;
  bool quiet = false;
  // Over the model's own.
  std::optional<int> max_length;
  std::optional<int> min_length;
  std::optional<int> num_beams;
  std::optional<int> num_return_sequences;
  std::optional<int> no_repeat_ngram_size;
  std::optional<std::string> early_stopping;
  std::optional<double> length_penalty;
  std::optional<double> repetition_penalty;
  std::optional<bool> do_sample;
  std::optional<double> temperature;
  std::optional<int> top_k;
  std::optional<double> top_p;
  std::optional<std::uint64_t> seed;
};

struct TrainOptions {
  InputOptions input;  // its file is --data
  std::string validation;
  std::string base;
  std::string scratch;
  std::string tokenizer = "barthez";
  std::string out;
  std::string name;
  std::string head = "auto";
  std::string pooling = "mean";
  std::string plan;
  double validation_share = 0.1;
  // Over the plan's fields.
  std::optional<std::string> mode;
  std::optional<std::string> clean;
  std::optional<int> epochs;
  std::optional<int> batch_size;
  std::optional<double> learning_rate;
  std::optional<int> max_tokens;
  std::optional<int> patience;
  std::optional<double> promised_precision;
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  std::optional<std::string> device;
  std::string track;
  bool quiet = false;
};

struct PretrainOptions {
  std::vector<std::string> corpus;
  std::string base;
  std::string scratch;
  std::string tokenizer;
  std::string out;
  std::string state;
  std::string plan;
  std::string save_dtype = "fp32";
  std::optional<double> minutes;
  bool schedule_by_time = false;
  double checkpoint_seconds = 120;
  // Over the plan's fields.
  std::optional<int> updates;
  std::optional<int> batch_tokens;
  std::optional<int> max_tokens;
  std::optional<double> learning_rate;
  std::optional<int> vocabulary_size;
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  std::optional<std::string> device;
  std::optional<std::string> precision;
  bool quiet = false;
};

}  // namespace guichet
