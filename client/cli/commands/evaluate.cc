#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "model/finetuning/candidate_report.h"
#include "model/finetuning/compare_models.h"

namespace guichet {
namespace {

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
  std::optional<ScoredTickets> live;
  std::optional<GateDecision> gate;
  if (!options.against.empty()) {
    GUICHET_ASSIGN_OR_RETURN(auto other, OpenClassifier(options, options.against));
    GUICHET_ASSIGN_OR_RETURN(live, ScoreTickets(std::move(other), rows, scoring));
    GUICHET_ASSIGN_OR_RETURN(gate, CompareModels(*live, scored, rows));
  }
  GUICHET_ASSIGN_OR_RETURN(const EvaluationReport report,
                           ReportOnTickets(scored, rows, live ? &*live : nullptr, gate));
  if (!options.html.empty()) {
    GUICHET_RETURN_IF_ERROR(WriteFileDurably(options.html, ToHtml(report)));
  }
  return ToJson(report);
}

}  // namespace

int Evaluate(const EvaluateOptions& options) {
  const auto report = EvaluateBundle(options);
  if (!report.ok()) return Fail(report.status());
  std::printf("%s\n", report->c_str());
  return kExitOk;
}

}  // namespace guichet
