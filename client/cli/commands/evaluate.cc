#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/score_rows.h"
#include "model/evaluation/classification_report.h"

namespace guichet {
namespace {

// Labelled rows, tokenized, in the order of the file.
struct LabelledRows {
  std::vector<std::vector<TokenId>> ids;
  std::vector<int> truth;
};

absl::StatusOr<LabelledRows> ReadRows(const InputOptions& input, const TextClassifier& classifier) {
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/false));
  LabelledRows rows;
  const auto& labels = classifier.labels();
  while (true) {
    if (Interrupted()) EndInterrupted();
    GUICHET_ASSIGN_OR_RETURN(const std::optional<Ticket> ticket, reader->Next());
    if (!ticket) break;
    const std::string place = "line " + std::to_string(reader->line()) + ": ";
    const auto found = std::find(labels.begin(), labels.end(), ticket->label);
    if (found == labels.end()) {
      return absl::InvalidArgumentError(
          place +
          (ticket->label.empty() ? "no label"
                                 : "label '" + ticket->label + "' is not the model's") +
          "; `guichet bundle show` lists its labels, --map names the column");
    }
    auto encoding = classifier.Encode(ticket->Text());
    if (!encoding.ok()) {
      return absl::InvalidArgumentError(place + std::string(encoding.status().message()));
    }
    rows.ids.push_back(std::move(encoding->ids));
    rows.truth.push_back(static_cast<int>(found - labels.begin()));
  }
  if (rows.ids.empty())
    return absl::InvalidArgumentError(input.file + ": no labelled ticket in it");
  return rows;
}

absl::StatusOr<std::string> EvaluateBundle(const EvaluateOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(options.bundle));
  SetInferenceThreads(options.threads > 0 ? options.threads
                                          : static_cast<int>(std::thread::hardware_concurrency()));
  GUICHET_ASSIGN_OR_RETURN(const auto classifier, LoadTextClassifier(bundle, options.device));
  GUICHET_ASSIGN_OR_RETURN(const LabelledRows rows, ReadRows(options.input, *classifier));
  std::vector<double> logits;
  for (auto& scores : ScoreRows(*classifier, rows.ids, options.batch_tokens)) {
    if (!scores.ok()) return scores.status();
    logits.insert(logits.end(), scores->begin(), scores->end());
  }
  const LogitTable table{.values = logits,
                         .label_count = static_cast<int>(classifier->labels().size())};
  ReportOptions report_options;
  report_options.temperature = classifier->manifest().temperature;
  GUICHET_ASSIGN_OR_RETURN(const ClassificationReport report,
                           ReportLogits(classifier->labels(), rows.truth, table, report_options));
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
