#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/data/ticket.h"
#include "model/evaluation/classification_report.h"
#include "model/evaluation/promotion_gate.h"
#include "model/inference/text_classifier.h"

namespace guichet {

// A model and its logits of some tickets, row after row.
struct ScoredTickets {
  std::shared_ptr<const TextClassifier> classifier;
  std::vector<double> logits;
};

struct ScoringOptions {
  std::int64_t batch_tokens = 4096;
  std::function<void()> before_batch = {};
};

// INVALID_ARGUMENT names the ticket by its number, from 1.
absl::StatusOr<ScoredTickets> ScoreTickets(std::shared_ptr<const TextClassifier> classifier,
                                           const std::vector<Ticket>& tickets,
                                           const ScoringOptions& options = {});

// The labels of the models, in that order, and of the tickets: what their answers are compared
// over.
std::vector<std::string> AllLabels(const std::vector<const ScoredTickets*>& models,
                                   const std::vector<Ticket>& tickets);
// Indexes into `labels`; labels.size() where the label is none of them.
std::vector<int> TruthOf(const std::vector<Ticket>& tickets,
                         const std::vector<std::string>& labels);
// The likeliest label of each row, as an index into `labels`.
std::vector<int> DecisionsOf(const ScoredTickets& scored, const std::vector<std::string>& labels);

// The tickets whose label the model has, with its logits of them.
struct KnownTickets {
  ScoredTickets scored;
  std::vector<Ticket> tickets;
};
KnownTickets OfKnownLabels(const ScoredTickets& scored, const std::vector<Ticket>& tickets);
// Over those: of the others a model can only be wrong, which accuracy counts already. 0 without
// any.
absl::StatusOr<double> CalibrationErrorOf(const ScoredTickets& scored,
                                          const std::vector<Ticket>& tickets);

// The report at the bundle's temperature. INVALID_ARGUMENT: a ticket whose label is not the
// model's, by its number.
absl::StatusOr<ClassificationReport> ReportTickets(const ScoredTickets& scored,
                                                   const std::vector<Ticket>& tickets);

// The gate between two models that scored the same tickets. Their labels may differ: a label that a
// model does not have is one it never answers, and its calibration is that of the tickets whose
// label it has. `tickets` may not be empty. The candidate's time is measured when the policy bounds
// it.
absl::StatusOr<GateDecision> CompareModels(const ScoredTickets& live,
                                           const ScoredTickets& candidate,
                                           const std::vector<Ticket>& tickets,
                                           const GatePolicy& policy = {});

}  // namespace guichet
