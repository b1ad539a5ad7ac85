#include "model/finetuning/train_on_tickets.h"

#include <algorithm>

#include "base/status_macros.h"

namespace guichet {

absl::StatusOr<TrainingResult> TrainOnTickets(const TrainingPlan& plan, const TicketSets& sets,
                                              const BaseModel& base,
                                              const TrainingObserver& observer,
                                              const CheckpointOptions& checkpoints,
                                              ProcessGroup* peers) {
  const int max_tokens = std::min(plan.max_tokens, base.config.max_position_embeddings);
  GUICHET_ASSIGN_OR_RETURN(const auto training, MakeExamples(sets.training, *base.tokenizer,
                                                             base.config.labels, max_tokens));
  GUICHET_ASSIGN_OR_RETURN(const auto validation, MakeExamples(sets.validation, *base.tokenizer,
                                                               base.config.labels, max_tokens));
  return Train({.plan = plan,
                .config = base.config,
                .base = base.weights ? &*base.weights : nullptr,
                .training = training,
                .validation = validation,
                .peers = peers},
               observer, checkpoints);
}

}  // namespace guichet
