#pragma once

#include "absl/status/statusor.h"
#include "model/finetuning/base_model.h"
#include "model/finetuning/ticket_sets.h"
#include "model/training/trainer.h"

namespace guichet {

// Train() on the training and validation tickets, whose labels are the base's, `peers` sharing the
// work unless it is null. Errors of the tokenizer and of Train.
absl::StatusOr<TrainingResult> TrainOnTickets(const TrainingPlan& plan, const TicketSets& sets,
                                              const BaseModel& base,
                                              const TrainingObserver& observer,
                                              const CheckpointOptions& checkpoints = {},
                                              ProcessGroup* peers = nullptr);

}  // namespace guichet
