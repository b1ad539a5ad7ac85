// Trains a small classifier from scratch and prints how good it is beside a bag-of-words baseline:
//   training_benchmark press [PLAN.yaml]     the press topics of the shared data (real French text)
//   training_benchmark tickets [PLAN.yaml]   8,000 generated tickets
//   training_benchmark noisy [PLAN.yaml]     the same as mails: HTML, mojibake, quotes, capitals …
// The last line is one JSON object. Environment: DIM, LAYERS, FFN, DROPOUT change the model's
// shape; ROWS and DATA_SEED the number of training texts and which they are; NO_BASELINE leaves the
// bag of words out.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "model/cleaning/cleaning_tokenizer.h"
#include "model/data/dataset_reader.h"
#include "model/data/ticket_generator.h"
#include "model/evaluation/bag_of_words.h"
#include "model/text/built_in_tokenizer.h"
#include "model/text/tokenizer.h"
#include "model/training/scratch_config.h"
#include "model/training/trainer.h"
#include "tests/support/shared_data.h"

namespace guichet {
namespace {

using Seconds = std::chrono::duration<double>;

struct Task {
  std::vector<Ticket> training;
  std::vector<Ticket> validation;
  std::vector<std::string> labels;
  TrainingPlan plan;
  SmallModelOptions model;
};

double FromEnvironment(const char* name, double value) {
  const char* text = std::getenv(name);
  return text == nullptr ? value : std::atof(text);
}

absl::StatusOr<Task> PressTask() {
  const auto train = SharedData("data/press-topics-train.tsv.gz");
  const auto valid = SharedData("data/press-topics-valid.tsv.gz");
  if (!train || !valid) return absl::NotFoundError("the press topics are not here");
  TicketReaderOptions options;
  options.columns = {{"subject", "title"}, {"body", "heading"}};
  Task task;
  GUICHET_ASSIGN_OR_RETURN(task.training, ReadAllTickets(*train, options, 100'000));
  GUICHET_ASSIGN_OR_RETURN(task.validation, ReadAllTickets(*valid, options, 100'000));
  task.plan = PressTopicsPlan();
  task.model = PressTopicsModel();
  return task;
}

// Tickets as an export of a mailbox has them.
TicketGeneratorOptions MailOptions() {
  TicketGeneratorOptions options;
  options.signature_share = 0.4;
  options.quote_share = 0.4;
  options.upper_case_share = 0.15;
  options.abbreviation_share = 0.4;
  options.html_share = 0.3;
  options.mojibake_share = 0.15;
  options.invisible_share = 0.15;
  options.underscore_share = 0.1;
  return options;
}

Task TicketTask(TicketGeneratorOptions options) {
  options.seed = static_cast<std::uint64_t>(FromEnvironment("DATA_SEED", 1));
  TicketGenerator generator(options);
  Task task;
  for (int i = 0; i < 8000; ++i) task.training.push_back(generator.Next());
  for (int i = 0; i < 1000; ++i) task.validation.push_back(generator.Next());
  task.plan = SmallModelPlan();
  return task;
}

// Keeps `most` tickets, spread evenly; another seed, others.
void Keep(std::size_t most, std::size_t seed, std::vector<Ticket>& tickets) {
  const std::size_t all = tickets.size();
  if (most >= all) return;
  std::vector<Ticket> kept;
  for (std::size_t i = 0; i < most; ++i) kept.push_back(tickets[(i * all / most + seed) % all]);
  tickets = std::move(kept);
}

absl::StatusOr<Task> MakeTask(const std::string& name, const char* plan) {
  Task task;
  if (name == "press") {
    GUICHET_ASSIGN_OR_RETURN(task, PressTask());
  } else {
    task = TicketTask(name == "noisy" ? MailOptions() : TicketGeneratorOptions());
  }
  if (plan != nullptr) {
    GUICHET_ASSIGN_OR_RETURN(task.plan, ReadTrainingPlan(plan, task.plan));
  }
  // The press topics lie by date: a share of them is every n-th.
  Keep(static_cast<std::size_t>(FromEnvironment("ROWS", 1e9)),
       static_cast<std::size_t>(FromEnvironment("DATA_SEED", 1)), task.training);
  std::set<std::string> labels;
  for (const Ticket& ticket : task.training) labels.insert(ticket.label);
  task.labels.assign(labels.begin(), labels.end());
  task.model.d_model = static_cast<int>(FromEnvironment("DIM", task.model.d_model));
  task.model.layers = static_cast<int>(FromEnvironment("LAYERS", task.model.layers));
  task.model.ffn_dim = static_cast<int>(FromEnvironment("FFN", task.model.ffn_dim));
  task.model.init_std = FromEnvironment("INIT_STD", task.model.init_std);
  task.model.dropout = FromEnvironment("DROPOUT", task.model.dropout);
  return task;
}

int LabelOf(const Task& task, const Ticket& ticket) {
  const auto found = std::ranges::lower_bound(task.labels, ticket.label);
  return static_cast<int>(found - task.labels.begin());
}

absl::StatusOr<std::vector<TrainingExample>> Examples(const Task& task,
                                                      const std::vector<Ticket>& tickets,
                                                      const Tokenizer& tokenizer) {
  const EncodeOptions options{.parse_special_tokens = false, .max_length = task.plan.max_tokens};
  std::vector<TrainingExample> examples;
  for (const Ticket& ticket : tickets) {
    GUICHET_ASSIGN_OR_RETURN(Encoding encoding, tokenizer.Encode(ticket.Text(), options));
    examples.push_back({std::move(encoding.ids), LabelOf(task, ticket)});
  }
  return examples;
}

absl::StatusOr<nlohmann::json> Baseline(const Task& task) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::string> texts;
  std::vector<int> labels;
  for (const Ticket& ticket : task.training) {
    texts.push_back(ticket.Text());
    labels.push_back(LabelOf(task, ticket));
  }
  GUICHET_ASSIGN_OR_RETURN(
      const auto classifier,
      BagOfWordsClassifier::Train(texts, labels, static_cast<int>(task.labels.size()), {}));
  std::vector<int> truth;
  std::vector<int> predicted;
  for (const Ticket& ticket : task.validation) {
    truth.push_back(LabelOf(task, ticket));
    predicted.push_back(classifier.Predict(ticket.Text()));
  }
  GUICHET_ASSIGN_OR_RETURN(const auto report, ReportPredictions(task.labels, truth, predicted));
  return nlohmann::json{{"accuracy", report.accuracy},
                        {"macro_f1", report.macro.f1},
                        {"seconds", Seconds(std::chrono::steady_clock::now() - start).count()}};
}

TrainingObserver PrintEpochs() {
  TrainingObserver observer;
  observer.on_epoch = [](const EpochRecord& epoch) {
    std::cerr << "epoch " << epoch.epoch << "  loss " << epoch.training_loss << "  validation loss "
              << epoch.validation_loss.value_or(0) << " accuracy " << epoch.accuracy.value_or(0)
              << " macro-F1 " << epoch.macro_f1.value_or(0) << "  " << epoch.tokens_per_second
              << " tokens/s " << epoch.seconds << " s" << (epoch.best ? "  best" : "") << '\n';
  };
  return observer;
}

absl::Status RunBenchmark(const std::string& name, const char* plan) {
  GUICHET_ASSIGN_OR_RETURN(const Task task, MakeTask(name, plan));
  GUICHET_ASSIGN_OR_RETURN(const auto folder, BuiltInFolder("barthez"));
  GUICHET_ASSIGN_OR_RETURN(std::shared_ptr<const Tokenizer> plain, LoadTokenizer(folder));
  GUICHET_ASSIGN_OR_RETURN(const auto tokenizer, WithCleaning(std::move(plain), task.plan.clean));
  GUICHET_ASSIGN_OR_RETURN(const auto training, Examples(task, task.training, *tokenizer));
  GUICHET_ASSIGN_OR_RETURN(const auto validation, Examples(task, task.validation, *tokenizer));
  GUICHET_ASSIGN_OR_RETURN(const BartConfig config, SmallConfig(task.model, task.labels));
  GUICHET_ASSIGN_OR_RETURN(
      const TrainingResult result,
      Train({.plan = task.plan, .config = config, .training = training, .validation = validation},
            PrintEpochs()));
  nlohmann::json summary = {{"task", name},
                            {"accuracy", result.validation->accuracy},
                            {"macro_f1", result.validation->macro.f1},
                            {"seconds", result.seconds},
                            {"tokens_per_second", result.tokens_per_second},
                            {"best_epoch", result.best_epoch},
                            {"clean", NameOf(task.plan.clean)},
                            {"weights_sha256", result.weights_sha256}};
  if (std::getenv("NO_BASELINE") == nullptr) {
    GUICHET_ASSIGN_OR_RETURN(summary["bag_of_words"], Baseline(task));
  }
  std::cout << summary.dump() << '\n';
  return absl::OkStatus();
}

}  // namespace
}  // namespace guichet

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "tickets";
  if (argc > 3 || (name != "press" && name != "tickets" && name != "noisy")) {
    std::cerr << "usage: training_benchmark press|tickets|noisy [PLAN.yaml]\n";
    return 2;
  }
  const absl::Status status = guichet::RunBenchmark(name, argc > 2 ? argv[2] : nullptr);
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
