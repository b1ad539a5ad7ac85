#include "model/finetuning/compare_models.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

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

std::vector<int> TruthOf(const std::vector<Ticket>& tickets,
                         const std::vector<std::string>& labels) {
  std::vector<int> truth;
  for (const Ticket& ticket : tickets) truth.push_back(IndexOf(labels, ticket.label));
  return truth;
}

// The likeliest label of each row, as an index into `labels`.
std::vector<int> Decisions(const ScoredTickets& scored, const std::vector<std::string>& labels) {
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

absl::StatusOr<double> CalibrationErrorOf(const ScoredTickets& scored,
                                          const std::vector<Ticket>& tickets) {
  GUICHET_ASSIGN_OR_RETURN(const ClassificationReport report, ReportTickets(scored, tickets));
  return report.probabilities ? report.probabilities->expected_calibration_error : 0.0;
}

}  // namespace

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
  std::vector<std::string> labels = candidate.classifier->labels();
  for (const std::string& label : live.classifier->labels()) AddLabel(label, labels);
  for (const Ticket& ticket : tickets) AddLabel(ticket.label, labels);
  const std::vector<int> truth = TruthOf(tickets, labels);
  const std::vector<int> live_decisions = Decisions(live, labels);
  const std::vector<int> candidate_decisions = Decisions(candidate, labels);
  GateRows rows{.truth = truth,
                .live = live_decisions,
                .candidate = candidate_decisions,
                .candidate_p95_seconds = {}};
  if (labels.size() == live.classifier->labels().size() &&
      labels.size() == candidate.classifier->labels().size()) {
    GUICHET_ASSIGN_OR_RETURN(rows.live_calibration_error, CalibrationErrorOf(live, tickets));
    GUICHET_ASSIGN_OR_RETURN(rows.candidate_calibration_error,
                             CalibrationErrorOf(candidate, tickets));
  }
  return JudgeCandidate(labels, rows, policy);
}

}  // namespace guichet
