#include "model/finetuning/compare_models.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/status_macros.h"
#include "model/finetuning/score_rows.h"

namespace guichet {
namespace {

// labels.size() where the label is none of them.
int IndexOf(const std::vector<std::string>& labels, const std::string& label) {
  return static_cast<int>(std::ranges::find(labels, label) - labels.begin());
}

void AddLabel(const std::string& label, std::vector<std::string>& labels) {
  if (std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
}

// The 95th percentile of the time of one text alone, over at most 200 of them.
absl::StatusOr<double> MeasureP95(const TextClassifier& classifier,
                                  const std::vector<Ticket>& tickets) {
  constexpr std::size_t kMostTexts = 200;
  std::vector<double> seconds;
  for (std::size_t row = 0; row < std::min(tickets.size(), kMostTexts); ++row) {
    const SteadyTime start = Clock::System().Now();
    GUICHET_ASSIGN_OR_RETURN(const Encoding encoding, classifier.Encode(tickets[row].Text()));
    const std::span<const TokenId> ids(encoding.ids);
    GUICHET_RETURN_IF_ERROR(classifier.Logits(std::span(&ids, 1)).status());
    seconds.push_back(std::chrono::duration<double>(Clock::System().Now() - start).count());
  }
  std::ranges::sort(seconds);
  return seconds[(seconds.size() * 95 - 1) / 100];
}

}  // namespace

std::vector<std::string> AllLabels(const std::vector<const ScoredTickets*>& models,
                                   const std::vector<Ticket>& tickets) {
  std::vector<std::string> labels;
  for (const ScoredTickets* model : models) {
    for (const std::string& label : model->classifier->labels()) AddLabel(label, labels);
  }
  for (const Ticket& ticket : tickets) AddLabel(ticket.label, labels);
  return labels;
}

std::vector<int> TruthOf(const std::vector<Ticket>& tickets,
                         const std::vector<std::string>& labels) {
  std::vector<int> truth;
  truth.reserve(tickets.size());
  for (const Ticket& ticket : tickets) truth.push_back(IndexOf(labels, ticket.label));
  return truth;
}

std::vector<int> DecisionsOf(const ScoredTickets& scored, const std::vector<std::string>& labels) {
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

KnownTickets OfKnownLabels(const ScoredTickets& scored, const std::vector<Ticket>& tickets) {
  const std::size_t labels = scored.classifier->labels().size();
  KnownTickets known{.scored = {.classifier = scored.classifier, .logits = {}}, .tickets = {}};
  for (std::size_t row = 0; row < tickets.size(); ++row) {
    const int label = IndexOf(scored.classifier->labels(), tickets[row].label);
    if (static_cast<std::size_t>(label) == labels) continue;
    known.tickets.push_back(tickets[row]);
    const auto start = scored.logits.begin() + static_cast<std::ptrdiff_t>(row * labels);
    known.scored.logits.insert(known.scored.logits.end(), start,
                               start + static_cast<std::ptrdiff_t>(labels));
  }
  return known;
}

absl::StatusOr<double> CalibrationErrorOf(const ScoredTickets& scored,
                                          const std::vector<Ticket>& tickets) {
  const KnownTickets known = OfKnownLabels(scored, tickets);
  if (known.tickets.empty()) return 0.0;
  GUICHET_ASSIGN_OR_RETURN(const ClassificationReport report,
                           ReportTickets(known.scored, known.tickets));
  return report.probabilities ? report.probabilities->expected_calibration_error : 0.0;
}

absl::StatusOr<ScoredTickets> ScoreTickets(std::shared_ptr<const TextClassifier> classifier,
                                           const std::vector<Ticket>& tickets,
                                           const ScoringOptions& options) {
  std::vector<std::vector<TokenId>> ids;
  for (std::size_t row = 0; row < tickets.size(); ++row) {
    auto encoding = classifier->Encode(tickets[row].Text());
    if (!encoding.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("ticket {}: {}", row + 1, std::string(encoding.status().message())));
    }
    ids.push_back(std::move(encoding->ids));
  }
  ScoredTickets scored{.classifier = std::move(classifier), .logits = {}};
  for (auto& scores :
       ScoreRows(*scored.classifier, ids, options.batch_tokens, options.before_batch)) {
    if (!scores.ok()) return scores.status();
    scored.logits.insert(scored.logits.end(), scores->begin(), scores->end());
  }
  return scored;
}

absl::StatusOr<ClassificationReport> ReportTickets(const ScoredTickets& scored,
                                                   const std::vector<Ticket>& tickets) {
  const std::vector<std::string>& labels = scored.classifier->labels();
  const std::vector<int> truth = TruthOf(tickets, labels);
  for (std::size_t row = 0; row < truth.size(); ++row) {
    if (static_cast<std::size_t>(truth[row]) < labels.size()) continue;
    return absl::InvalidArgumentError(
        fmt::format("ticket {}: label '{}' is not the model's", row + 1, tickets[row].label));
  }
  ReportOptions options;
  options.temperature = scored.classifier->manifest().temperature;
  const LogitTable table{.values = scored.logits, .label_count = static_cast<int>(labels.size())};
  return ReportLogits(labels, truth, table, options);
}

absl::StatusOr<GateDecision> CompareModels(const ScoredTickets& live,
                                           const ScoredTickets& candidate,
                                           const std::vector<Ticket>& tickets,
                                           const GatePolicy& policy) {
  if (tickets.empty()) {
    return absl::InvalidArgumentError("no held-out tickets to compare the models on");
  }
  const std::vector<std::string> labels = AllLabels({&candidate, &live}, tickets);
  const std::vector<int> truth = TruthOf(tickets, labels);
  const std::vector<int> live_decisions = DecisionsOf(live, labels);
  const std::vector<int> candidate_decisions = DecisionsOf(candidate, labels);
  GateRows rows{.truth = truth,
                .live = live_decisions,
                .candidate = candidate_decisions,
                .candidate_p95_seconds = {}};
  GUICHET_ASSIGN_OR_RETURN(rows.live_calibration_error, CalibrationErrorOf(live, tickets));
  GUICHET_ASSIGN_OR_RETURN(rows.candidate_calibration_error,
                           CalibrationErrorOf(candidate, tickets));
  if (policy.max_p95_seconds > 0) {
    GUICHET_ASSIGN_OR_RETURN(rows.candidate_p95_seconds,
                             MeasureP95(*candidate.classifier, tickets));
  }
  return JudgeCandidate(labels, rows, policy);
}

}  // namespace guichet
