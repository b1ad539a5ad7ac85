// How fast a full-size encoder learns from given batches, beside python_finetuning.py on the same
// ones:
//   finetuning_speed BATCHES.json MODE THREADS [EPOCHS]
// BATCHES.json: [{"ids": [[…], …], "labels": […]}, …]. Prints one JSON object: tokens a second of
// the first pass over the batches and of the later ones (in mode head those read cached features),
// and the loss of each update.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "model/training/body_features.h"
#include "model/training/training_data.h"
#include "model/training/training_session.h"
#include "tests/support/json_file.h"

namespace guichet {
namespace {

using nlohmann::json;
using Seconds = std::chrono::duration<double>;

BartConfig FullSizeEncoder(int labels) {
  BartConfig config;
  config.vocab_size = 50002;
  config.d_model = 768;
  config.encoder_layers = config.decoder_layers = 6;
  config.encoder_attention_heads = config.decoder_attention_heads = 12;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 3072;
  config.dropout = 0.1;
  config.pooling = Pooling::kMean;
  for (int i = 0; i < labels; ++i) config.labels.push_back("label " + std::to_string(i));
  return config;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return Seconds(std::chrono::steady_clock::now() - start).count();
}

struct Work {
  TrainingData data;
  std::vector<std::vector<std::size_t>> batches;
  double tokens = 0;
};

absl::StatusOr<Work> ReadWork(const char* file, const BartConfig& config) {
  std::vector<TrainingExample> examples;
  std::vector<std::vector<std::size_t>> batches;
  double tokens = 0;
  for (const json& batch : ReadJsonFile(file)) {
    std::vector<std::size_t>& rows = batches.emplace_back();
    for (std::size_t i = 0; i < batch.at("ids").size(); ++i) {
      rows.push_back(examples.size());
      examples.push_back({batch.at("ids")[i].get<std::vector<TokenId>>(), batch.at("labels")[i]});
      tokens += static_cast<double>(examples.back().ids.size());
    }
  }
  GUICHET_ASSIGN_OR_RETURN(TrainingData data, TrainingData::Make(examples, config, 1024));
  return Work{std::move(data), std::move(batches), tokens};
}

// One pass; its seconds, the first batch left out of the time of the first pass (it warms up).
absl::StatusOr<json> Pass(TrainingSession& session, const Work& work,
                          const BodyFeatures& features) {
  json losses = json::array();
  const auto start = std::chrono::steady_clock::now();
  for (const auto& rows : work.batches) {
    TrainingBatch batch = work.data.Batch(rows);
    batch.pooled = features.Of(rows);
    GUICHET_ASSIGN_OR_RETURN(const StepResult step, session.Step(std::span(&batch, 1)));
    losses.push_back(step.loss);
  }
  const double seconds = SecondsSince(start);
  return json{
      {"seconds", seconds}, {"tokens_per_second", work.tokens / seconds}, {"losses", losses}};
}

absl::StatusOr<json> Measure(const char* file, const char* mode, int threads, int epochs) {
  const BartConfig config = FullSizeEncoder(12);
  GUICHET_ASSIGN_OR_RETURN(const Work work, ReadWork(file, config));
  TrainingPlan plan;
  GUICHET_ASSIGN_OR_RETURN(plan.mode, ParseTrainedPart(mode));
  plan.threads = threads;
  plan.batch_size = static_cast<int>(work.batches.front().size());
  plan.device = "cpu";
  SessionOptions options;
  options.total_steps = static_cast<int>(work.batches.size()) * epochs;
  options.tokens = work.data.Tokens();
  GUICHET_ASSIGN_OR_RETURN(const auto session,
                           TrainingSession::Create(config, nullptr, plan, options));
  json result{{"mode", mode}, {"passes", json::array()}};
  BodyFeatures features;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    if (epoch == 0 && plan.mode.kind == TrainedPart::Kind::kHead) {
      GUICHET_ASSIGN_OR_RETURN(
          features,
          BodyFeatures::Compute(*session, work.data, {config.d_model, plan.batch_size, {}}));
    }
    GUICHET_ASSIGN_OR_RETURN(json pass, Pass(*session, work, features));
    pass["seconds"] = SecondsSince(start);
    result["passes"].push_back(std::move(pass));
  }
  return result;
}

}  // namespace
}  // namespace guichet

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: finetuning_speed BATCHES.json MODE THREADS [EPOCHS]\n";
    return 2;
  }
  const auto result =
      guichet::Measure(argv[1], argv[2], std::atoi(argv[3]), argc > 4 ? std::atoi(argv[4]) : 1);
  if (!result.ok()) {
    std::cerr << "finetuning_speed: " << result.status() << '\n';
    return 1;
  }
  std::cout << result->dump() << '\n';
  return 0;
}
