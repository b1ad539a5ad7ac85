#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/score_rows.h"
#include "model/evaluation/classification_report.h"
#include "model/evaluation/promotion_gate.h"

namespace guichet {
namespace {

using Json = nlohmann::ordered_json;

// Labelled rows in the order of the file.
struct LabelledRows {
  std::vector<std::string> texts;
  std::vector<std::int64_t> lines;
  std::vector<int> truth;
};

int IndexOf(const std::vector<std::string>& labels, const std::string& label) {
  return static_cast<int>(std::ranges::find(labels, label) - labels.begin());
}

absl::StatusOr<LabelledRows> ReadRows(const InputOptions& input,
                                      const std::vector<std::string>& labels) {
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/false));
  LabelledRows rows;
  while (true) {
    if (Interrupted()) EndInterrupted();
    GUICHET_ASSIGN_OR_RETURN(const std::optional<Ticket> ticket, reader->Next());
    if (!ticket) break;
    const int label = IndexOf(labels, ticket->label);
    if (static_cast<std::size_t>(label) == labels.size()) {
      return absl::InvalidArgumentError(fmt::format(
          "line {}: {}; `guichet bundle show` lists its labels, --map names the column",
          reader->line(),
          ticket->label.empty() ? "no label"
                                : fmt::format("label '{}' is not the model's", ticket->label)));
    }
    rows.texts.push_back(ticket->Text());
    rows.lines.push_back(reader->line());
    rows.truth.push_back(label);
  }
  if (rows.texts.empty()) {
    return absl::InvalidArgumentError(input.file + ": no labelled ticket in it");
  }
  return rows;
}

// A model and its logits of the rows, row after row.
struct ScoredRows {
  std::shared_ptr<const TextClassifier> classifier;
  std::vector<double> logits;

  LogitTable Table() const {
    return {.values = logits, .label_count = static_cast<int>(classifier->labels().size())};
  }
};

absl::StatusOr<std::shared_ptr<const TextClassifier>> OpenClassifier(const EvaluateOptions& options,
                                                                     const std::string& folder) {
  GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(folder));
  return LoadTextClassifier(bundle, options.device);
}

absl::StatusOr<ScoredRows> Score(const EvaluateOptions& options,
                                 std::shared_ptr<const TextClassifier> classifier,
                                 const LabelledRows& rows) {
  std::vector<std::vector<TokenId>> ids;
  for (std::size_t row = 0; row < rows.texts.size(); ++row) {
    auto encoding = classifier->Encode(rows.texts[row]);
    if (!encoding.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: {}", rows.lines[row], std::string(encoding.status().message())));
    }
    ids.push_back(std::move(encoding->ids));
  }
  ScoredRows scored{.classifier = std::move(classifier), .logits = {}};
  for (auto& scores : ScoreRows(*scored.classifier, ids, options.batch_tokens)) {
    if (!scores.ok()) return scores.status();
    scored.logits.insert(scored.logits.end(), scores->begin(), scores->end());
  }
  return scored;
}

absl::StatusOr<ClassificationReport> Report(const ScoredRows& scored, std::span<const int> truth) {
  ReportOptions options;
  options.temperature = scored.classifier->manifest().temperature;
  return ReportLogits(scored.classifier->labels(), truth, scored.Table(), options);
}

double CalibrationErrorOf(const ClassificationReport& report) {
  return report.probabilities ? report.probabilities->expected_calibration_error : 0;
}

// The likeliest label of each row, as an index into `labels`.
std::vector<int> Decisions(const ScoredRows& scored, const std::vector<std::string>& labels) {
  const std::vector<std::string>& own = scored.classifier->labels();
  std::vector<int> decisions;
  for (auto row = scored.logits.begin(); row != scored.logits.end();) {
    const auto end = row + static_cast<std::ptrdiff_t>(own.size());
    const auto best = static_cast<std::size_t>(std::max_element(row, end) - row);
    decisions.push_back(IndexOf(labels, own[best]));
    row = end;
  }
  return decisions;
}

// The gate between the bundle and the one that --against names, which may have other labels.
absl::StatusOr<Json> JudgeAgainst(const EvaluateOptions& options, const LabelledRows& rows,
                                  const ScoredRows& candidate,
                                  const ClassificationReport& candidate_report) {
  GUICHET_ASSIGN_OR_RETURN(auto opened, OpenClassifier(options, options.against));
  GUICHET_ASSIGN_OR_RETURN(const ScoredRows live, Score(options, std::move(opened), rows));
  std::vector<std::string> labels = candidate.classifier->labels();
  bool same_labels = true;
  for (const std::string& label : live.classifier->labels()) {
    if (static_cast<std::size_t>(IndexOf(labels, label)) < labels.size()) continue;
    labels.push_back(label);
    same_labels = false;
  }
  const std::vector<int> live_decisions = Decisions(live, labels);
  const std::vector<int> candidate_decisions = Decisions(candidate, labels);
  GateRows gate{.truth = rows.truth,
                .live = live_decisions,
                .candidate = candidate_decisions,
                .candidate_calibration_error = CalibrationErrorOf(candidate_report),
                .candidate_p95_seconds = {}};
  // Of confidences in other labels there is no calibration to compare.
  gate.live_calibration_error = gate.candidate_calibration_error;
  if (same_labels && labels.size() == live.classifier->labels().size()) {
    std::vector<int> truth;
    for (const int label : rows.truth) {
      truth.push_back(IndexOf(live.classifier->labels(), labels[static_cast<std::size_t>(label)]));
    }
    GUICHET_ASSIGN_OR_RETURN(const ClassificationReport report, Report(live, truth));
    gate.live_calibration_error = CalibrationErrorOf(report);
  }
  GUICHET_ASSIGN_OR_RETURN(const GateDecision decision, JudgeCandidate(labels, gate));
  return Json::parse(ToJson(decision));
}

absl::StatusOr<std::string> EvaluateBundle(const EvaluateOptions& options) {
  SetInferenceThreads(options.threads > 0 ? options.threads
                                          : static_cast<int>(std::thread::hardware_concurrency()));
  GUICHET_ASSIGN_OR_RETURN(auto classifier, OpenClassifier(options, options.bundle));
  GUICHET_ASSIGN_OR_RETURN(const LabelledRows rows, ReadRows(options.input, classifier->labels()));
  GUICHET_ASSIGN_OR_RETURN(const ScoredRows scored, Score(options, std::move(classifier), rows));
  GUICHET_ASSIGN_OR_RETURN(const ClassificationReport report, Report(scored, rows.truth));
  if (options.against.empty()) return ToJson(report);
  Json json = Json::parse(ToJson(report));
  GUICHET_ASSIGN_OR_RETURN(json["gate"], JudgeAgainst(options, rows, scored, report));
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
