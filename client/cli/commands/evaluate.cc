#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "model/finetuning/compare_models.h"

namespace guichet {
namespace {

using Json = nlohmann::ordered_json;

absl::StatusOr<std::vector<Ticket>> ReadRows(const InputOptions& input,
                                             const TextClassifier& classifier) {
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/false));
  std::vector<Ticket> rows;
  while (true) {
    if (Interrupted()) EndInterrupted();
    GUICHET_ASSIGN_OR_RETURN(std::optional<Ticket> ticket, reader->Next());
    if (!ticket) break;
    const std::string place = fmt::format("line {}: ", reader->line());
    if (std::ranges::find(classifier.labels(), ticket->label) == classifier.labels().end()) {
      return absl::InvalidArgumentError(
          place +
          (ticket->label.empty() ? "no label"
                                 : "label '" + ticket->label + "' is not the model's") +
          "; `guichet bundle show` lists its labels, --map names the column");
    }
    // Here for the line's number; the tokens are made again when it is scored.
    if (const auto readable = classifier.Encode(ticket->Text()); !readable.ok()) {
      return absl::InvalidArgumentError(place + std::string(readable.status().message()));
    }
    rows.push_back(std::move(*ticket));
  }
  if (rows.empty()) return absl::InvalidArgumentError(input.file + ": no labelled ticket in it");
  return rows;
}

absl::StatusOr<std::shared_ptr<const TextClassifier>> OpenClassifier(const EvaluateOptions& options,
                                                                     const std::string& folder) {
  GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(folder));
  return LoadTextClassifier(*bundle, options.device);
}

absl::StatusOr<std::string> EvaluateBundle(const EvaluateOptions& options) {
  SetInferenceThreads(options.threads > 0 ? options.threads
                                          : static_cast<int>(std::thread::hardware_concurrency()));
  const ScoringOptions scoring{.batch_tokens = options.batch_tokens, .before_batch = [] {
                                 if (Interrupted()) EndInterrupted();
                               }};
  GUICHET_ASSIGN_OR_RETURN(auto classifier, OpenClassifier(options, options.bundle));
  GUICHET_ASSIGN_OR_RETURN(const std::vector<Ticket> rows, ReadRows(options.input, *classifier));
  GUICHET_ASSIGN_OR_RETURN(const ScoredTickets scored,
                           ScoreTickets(std::move(classifier), rows, scoring));
  GUICHET_ASSIGN_OR_RETURN(const ClassificationReport report, ReportTickets(scored, rows));
  if (options.against.empty()) return ToJson(report);
  GUICHET_ASSIGN_OR_RETURN(auto other, OpenClassifier(options, options.against));
  GUICHET_ASSIGN_OR_RETURN(const ScoredTickets live, ScoreTickets(std::move(other), rows, scoring));
  GUICHET_ASSIGN_OR_RETURN(const GateDecision decision, CompareModels(live, scored, rows));
  Json json = Json::parse(ToJson(report));
  json["gate"] = Json::parse(ToJson(decision));
  return json.dump(2);
}

}  // namespace

int Evaluate(const EvaluateOptions& options) {
  const auto report = EvaluateBundle(options);
  if (!report.ok()) return Fail(report.status());
  std::printf("%s\n", report->c_str());
  return kExitOk;
}

}  // namespace guichet
