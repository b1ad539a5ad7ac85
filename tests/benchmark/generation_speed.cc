// How fast beams are written, beside python_generation.py on the same model and rows:
//   generation_speed --make FOLDER                                 a full-size model of random
//   weights generation_speed FOLDER ROWS.json THREADS BATCH MAX_LENGTH BEAMS
// ROWS.json: [[ids], …]. Prints one JSON object: generated tokens a second (start tokens not
// counted) and the sequences.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "model/checkpoint/safetensors.h"
#include "model/inference/text_classifier.h"
#include "model/inference/text_generator.h"
#include "model/network/language_model.h"
#include "tests/support/json_file.h"

namespace guichet {
namespace {

using nlohmann::json;

absl::Status MakeModel(const std::filesystem::path& folder) {
  BartConfig config;
  config.vocab_size = 50002;
  config.d_model = 768;
  config.encoder_layers = config.decoder_layers = 6;
  config.encoder_attention_heads = config.decoder_attention_heads = 12;
  config.encoder_ffn_dim = config.decoder_ffn_dim = 3072;
  GUICHET_ASSIGN_OR_RETURN(const LanguageModel model, LanguageModel::Initialise(config, 42));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.json") << ToJson(config);
  return WriteSafetensors(model.Export().tensors, folder / "model.safetensors");
}

absl::StatusOr<json> Measure(char** arguments) {
  SetInferenceThreads(std::atoi(arguments[3]));
  const auto batch = static_cast<std::size_t>(std::atoi(arguments[4]));
  GUICHET_ASSIGN_OR_RETURN(const auto generator,
                           LoadTextGenerator(arguments[1], {.device = "cpu"}));
  GenerationOptions options = generator->defaults();
  options.max_length = std::atoi(arguments[5]);
  options.num_beams = std::atoi(arguments[6]);
  options.early_stopping = EarlyStopping::kTrue;
  options.no_repeat_ngram_size = 3;
  const auto rows = ReadJsonFile(arguments[2]).get<std::vector<std::vector<TokenId>>>();
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return rows[i].size(); });
  const std::vector<GenerationInput> first = {{rows[order[0]], 0}};
  GUICHET_RETURN_IF_ERROR(generator->Generate(first, options).status());
  json sequences(rows.size(), nullptr);
  std::size_t tokens = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t begin = 0; begin < order.size(); begin += batch) {
    std::vector<GenerationInput> part;
    for (std::size_t i = begin; i < std::min(begin + batch, order.size()); ++i) {
      part.push_back({rows[order[i]], order[i]});
    }
    GUICHET_ASSIGN_OR_RETURN(const auto written, generator->Generate(part, options));
    for (std::size_t i = 0; i < written.size(); ++i) {
      sequences[order[begin + i]] = written[i][0].ids;
      tokens += written[i][0].ids.size() - 1;
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return json{{"seconds", seconds.count()},
              {"tokens", tokens},
              {"tokens_per_second", static_cast<double>(tokens) / seconds.count()},
              {"sequences", sequences}};
}

}  // namespace
}  // namespace guichet

int main(int argc, char** argv) {
  absl::StatusOr<nlohmann::json> result = nlohmann::json::object();
  if (argc == 3 && std::string(argv[1]) == "--make") {
    const absl::Status made = guichet::MakeModel(argv[2]);
    if (!made.ok()) result = made;
  } else if (argc == 7) {
    result = guichet::Measure(argv);
  } else {
    std::cerr << "usage: generation_speed --make FOLDER\n"
                 "       generation_speed FOLDER ROWS.json THREADS BATCH MAX_LENGTH BEAMS\n";
    return 2;
  }
  if (!result.ok()) {
    std::cerr << "generation_speed: " << result.status() << '\n';
    return 1;
  }
  std::cout << result->dump() << '\n';
  return 0;
}
