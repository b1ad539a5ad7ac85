#include "model/finetuning/candidate_report.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/data/text_key.h"
#include "model/evaluation/bag_of_words.h"

namespace guichet {
namespace {

// Training rows of the baseline: bounds its memory and time.
constexpr std::size_t kMostBaselineRows = 100'000;
// Of a ticket's id in a report.
constexpr std::size_t kMostIdBytes = 256;

// A ticket without an id is known by the key of its text, as hold-outs keep it.
std::string IdOf(const Ticket& ticket) {
  if (!ticket.id.empty()) return ticket.id.substr(0, kMostIdBytes);
  const TextKey key = KeyOfText(NormalizedText(ticket.Text()));
  return fmt::format("text {:016x}{:016x}", key.high, key.low);
}

std::vector<std::string> IdsOf(const std::vector<Ticket>& tickets) {
  std::vector<std::string> ids;
  ids.reserve(tickets.size());
  for (const Ticket& ticket : tickets) ids.push_back(IdOf(ticket));
  return ids;
}

// Answers, one a ticket, as indexes into the labels they are compared over.
struct NamedDecisions {
  std::string key;
  std::string name;
  std::vector<int> decisions;
  std::optional<double> calibration_error;
};

absl::Status AddCompared(const std::vector<NamedDecisions>& models,
                         const std::vector<std::string>& labels, const std::vector<int>& truth,
                         EvaluationReport& report) {
  report.compared_labels = labels.size();
  for (const NamedDecisions& model : models) {
    GUICHET_ASSIGN_OR_RETURN(ComparedModel compared, CompareDecisions(model.key, model.name, labels,
                                                                      truth, model.decisions));
    compared.calibration_error = model.calibration_error;
    report.compared.push_back(std::move(compared));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int>> BagOfWordsDecisions(const std::vector<Ticket>& training,
                                                     const std::vector<Ticket>& judged,
                                                     const std::vector<std::string>& labels) {
  const std::size_t rows = std::min(training.size(), kMostBaselineRows);
  std::vector<std::string> texts;
  texts.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) texts.push_back(training[row].Text());
  std::vector<int> truth = TruthOf(training, labels);
  truth.resize(rows);
  GUICHET_ASSIGN_OR_RETURN(
      const auto classifier,
      BagOfWordsClassifier::Train(texts, truth, static_cast<int>(labels.size()), {}));
  std::vector<int> decisions;
  decisions.reserve(judged.size());
  for (const Ticket& ticket : judged) decisions.push_back(classifier.Predict(ticket.Text()));
  return decisions;
}

// The first of the labels that most training rows bear.
int MajorityLabel(const std::vector<Ticket>& training, const std::vector<std::string>& labels) {
  std::vector<std::int64_t> rows(labels.size());
  for (const int label : TruthOf(training, labels)) ++rows[static_cast<std::size_t>(label)];
  return static_cast<int>(std::ranges::max_element(rows) - rows.begin());
}

// `labels` begin with the model's own.
void AddBaselines(const TrainedModel& model, const std::vector<Ticket>& judged,
                  std::vector<NamedDecisions>& models, EvaluationReport& report) {
  const std::vector<std::string>& own = model.base.config.labels;
  auto bag = BagOfWordsDecisions(model.sets.training, judged, own);
  if (bag.ok()) {
    models.push_back({"bag_of_words", "bag of words (TF-IDF, linear SVM)", std::move(*bag), {}});
  } else {
    report.no_baseline = std::string(bag.status().message());
  }
  const int majority = MajorityLabel(model.sets.training, own);
  models.push_back({"majority",
                    fmt::format("always “{}”", own[static_cast<std::size_t>(majority)]),
                    std::vector<int>(judged.size(), majority),
                    {}});
}

std::vector<int> Largest(const LogitTable& logits) {
  std::vector<int> decisions;
  decisions.reserve(logits.rows());
  for (std::size_t row = 0; row < logits.rows(); ++row) {
    decisions.push_back(LargestIndex(logits.row(row)));
  }
  return decisions;
}

bool HasKnownLabel(const HoldoutScores& holdout, const std::vector<Ticket>& tickets) {
  const std::vector<std::string>& labels = holdout.candidate.classifier->labels();
  return std::ranges::any_of(tickets, [&labels](const Ticket& ticket) {
    return std::ranges::find(labels, ticket.label) != labels.end();
  });
}

// Judges on the hold-out and compares all models there.
absl::Status JudgeOnHoldout(const TrainedModel& model, const HoldoutScores& holdout,
                            EvaluationReport& report) {
  const std::vector<Ticket>& tickets = model.sets.holdout;
  const KnownTickets known = OfKnownLabels(holdout.candidate, tickets);
  const std::vector<std::string>& own = holdout.candidate.classifier->labels();
  report.judged_on = "holdout";
  report.unknown_label_rows = static_cast<std::int64_t>(tickets.size() - known.tickets.size());
  GUICHET_ASSIGN_OR_RETURN(report.judgement,
                           Judge({.labels = own,
                                  .ids = IdsOf(known.tickets),
                                  .truth = TruthOf(known.tickets, own),
                                  .logits = {known.scored.logits, static_cast<int>(own.size())},
                                  .temperature = model.result.temperature}));
  report.gate = holdout.gate;
  std::vector<const ScoredTickets*> scored = {&holdout.candidate};
  if (holdout.live) scored.push_back(&*holdout.live);
  const std::vector<std::string> labels = AllLabels(scored, tickets);
  std::vector<NamedDecisions> models;
  for (const ScoredTickets* one : scored) {
    GUICHET_ASSIGN_OR_RETURN(const double error, CalibrationErrorOf(*one, tickets));
    const bool candidate = models.empty();
    models.push_back(
        {candidate ? "candidate" : "live",
         candidate ? "candidate" : "in service (" + one->classifier->manifest().name + ")",
         DecisionsOf(*one, labels), error});
  }
  AddBaselines(model, tickets, models, report);
  return AddCompared(models, labels, TruthOf(tickets, labels), report);
}

absl::Status JudgeOnValidation(const TrainedModel& model, EvaluationReport& report) {
  const std::vector<Ticket>& tickets = model.sets.validation;
  const std::vector<std::string>& labels = model.base.config.labels;
  const std::vector<int> truth = TruthOf(tickets, labels);
  const LogitTable logits{model.result.validation_logits, static_cast<int>(labels.size())};
  GUICHET_ASSIGN_OR_RETURN(report.judgement, Judge({.labels = labels,
                                                    .ids = IdsOf(tickets),
                                                    .truth = truth,
                                                    .logits = logits,
                                                    .temperature = model.result.temperature}));
  std::vector<NamedDecisions> models;
  models.push_back({"candidate", "this model", Largest(logits),
                    report.judgement.figures.probabilities->expected_calibration_error});
  AddBaselines(model, tickets, models, report);
  return AddCompared(models, labels, truth, report);
}

// Chosen on the validation rows, measured on those that judge.
absl::Status AddPromise(const TrainedModel& model, EvaluationReport& report) {
  if (model.plan.promised_precision <= 0) return absl::OkStatus();
  const std::vector<std::string>& labels = model.base.config.labels;
  const auto label_count = static_cast<int>(labels.size());
  GUICHET_ASSIGN_OR_RETURN(
      const std::vector<JudgedAnswer> answers,
      JudgeAnswers({model.result.validation_logits, label_count},
                   TruthOf(model.sets.validation, labels), model.result.temperature));
  PromisedPrecision promise;
  promise.promised = model.plan.promised_precision;
  promise.fitted_rows = static_cast<std::int64_t>(answers.size());
  promise.labels = ChooseThresholds(answers, label_count, promise.promised);
  report.promise = std::move(promise);
  report.promise->kept = CountAnswers(report.judgement.answers, ThresholdsOf(report));
  return absl::OkStatus();
}

void AddProvenance(const TrainedModel& model, EvaluationReport& report) {
  const auto add = [&report](std::string what, std::string value) {
    report.provenance.emplace_back(std::move(what), std::move(value));
  };
  const auto add_rows = [&add](std::string_view name, const std::vector<Ticket>& tickets) {
    if (tickets.empty()) return;
    add(fmt::format("{} rows", name), std::to_string(tickets.size()));
    add(fmt::format("{} rows, SHA-256", name), HashTickets(tickets));
  };
  add("base model", model.base.name);
  add_rows("training", model.sets.training);
  add_rows("validation", model.sets.validation);
  add_rows("held-out", model.sets.holdout);
  add("seed", std::to_string(model.plan.seed));
  add("best epoch", fmt::format("{} of {}", model.result.best_epoch, model.result.history.size()));
  add("trained in", fmt::format("{:.1f} s on {}", model.result.seconds, model.result.device));
  add("weights, SHA-256", model.result.weights_sha256);
  add("guichet", GUICHET_VERSION);
  add("plan", ToYaml(model.plan));
}

}  // namespace

absl::StatusOr<EvaluationReport> ReportOnRun(const TrainedModel& model,
                                             const HoldoutScores* holdout) {
  EvaluationReport report;
  report.model = model.name;
  report.validation = model.result.validation;
  report.temperature = model.result.temperature;
  report.history = model.result.history;
  if (holdout != nullptr && HasKnownLabel(*holdout, model.sets.holdout)) {
    GUICHET_RETURN_IF_ERROR(JudgeOnHoldout(model, *holdout, report));
  } else {
    GUICHET_RETURN_IF_ERROR(JudgeOnValidation(model, report));
    if (holdout != nullptr) report.gate = holdout->gate;
  }
  GUICHET_RETURN_IF_ERROR(AddPromise(model, report));
  AddProvenance(model, report);
  return report;
}

absl::StatusOr<EvaluationReport> ReportOnTickets(const ScoredTickets& scored,
                                                 const std::vector<Ticket>& tickets,
                                                 const ScoredTickets* live,
                                                 const std::optional<GateDecision>& gate) {
  const std::vector<std::string>& own = scored.classifier->labels();
  EvaluationReport report;
  report.model = scored.classifier->manifest().name;
  report.judged_on = "data";
  report.temperature = scored.classifier->manifest().temperature;
  GUICHET_ASSIGN_OR_RETURN(report.judgement,
                           Judge({.labels = own,
                                  .ids = IdsOf(tickets),
                                  .truth = TruthOf(tickets, own),
                                  .logits = {scored.logits, static_cast<int>(own.size())},
                                  .temperature = report.temperature}));
  if (live == nullptr) return report;
  report.gate = gate;
  const std::vector<std::string> labels = AllLabels({&scored, live}, tickets);
  GUICHET_ASSIGN_OR_RETURN(const double error, CalibrationErrorOf(*live, tickets));
  const std::vector<NamedDecisions> models = {
      {"candidate", "candidate", DecisionsOf(scored, labels),
       report.judgement.figures.probabilities->expected_calibration_error},
      {"live", "in service (" + live->classifier->manifest().name + ")", DecisionsOf(*live, labels),
       error}};
  GUICHET_RETURN_IF_ERROR(AddCompared(models, labels, TruthOf(tickets, labels), report));
  return report;
}

}  // namespace guichet
