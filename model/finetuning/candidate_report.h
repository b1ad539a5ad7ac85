#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "model/evaluation/promotion_gate.h"
#include "model/finetuning/compare_models.h"
#include "model/finetuning/trained_bundle.h"
#include "model/report/evaluation_report.h"

namespace guichet {

// Both models' answers to the held-out rows.
struct HoldoutScores {
  ScoredTickets candidate;
  std::optional<ScoredTickets> live;  // absent: no model is in service
  std::optional<GateDecision> gate;   // with `live`
};

// The report of a run: judged on its held-out rows, or on the validation rows without `holdout` or
// where none of its labels is the model's.
// The bag-of-words baseline is trained here, on the same training rows (of more than 100,000 the
// first ones). Errors of ReportLogits.
absl::StatusOr<EvaluationReport> ReportOnRun(const TrainedModel& model,
                                             const HoldoutScores* holdout);

// The report of a bundle on a caller's tickets, whose labels are the model's; with the model it is
// compared to, if any, on the same ones. INVALID_ARGUMENT: a label that the model does not have.
absl::StatusOr<EvaluationReport> ReportOnTickets(const ScoredTickets& scored,
                                                 const std::vector<Ticket>& tickets,
                                                 const ScoredTickets* live,
                                                 const std::optional<GateDecision>& gate);

}  // namespace guichet
