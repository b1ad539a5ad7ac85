#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "client/cli/command.h"
#include "client/cli/input.h"
#include "model/inference/text_classifier.h"

namespace guichet {

// The commands that run a model: predict, evaluate, train. Their options are defined here for two
// programs: `guichet`, which hands them over, and `guichet-model`, which does them. So `guichet
// health` never pays for loading libtorch.

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
  DeviceOptions device;
  std::int64_t batch_tokens = 4096;
  int threads = 0;
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
  std::optional<int> epochs;
  std::optional<int> batch_size;
  std::optional<double> learning_rate;
  std::optional<int> max_tokens;
  std::optional<int> patience;
  std::optional<std::uint64_t> seed;
  std::optional<int> threads;
  std::optional<std::string> device;
  bool quiet = false;
};

// Who does the work; each returns an ExitCode.
struct ModelWork {
  std::function<int(const PredictOptions&)> predict;
  std::function<int(const EvaluateOptions&)> evaluate;
  std::function<int(const TrainOptions&)> train;
};

void AddModelCommands(CLI::App& app, CommandContext& context, const ModelWork& work);

int Predict(const PredictOptions& options);
int Evaluate(const EvaluateOptions& options);
int TrainBundle(const TrainOptions& options);

}  // namespace guichet
