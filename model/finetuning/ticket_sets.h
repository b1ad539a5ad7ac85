#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/data/dataset_reader.h"
#include "model/data/ticket.h"
#include "model/finetuning/holdout_keys.h"
#include "model/text/tokenizer.h"
#include "model/training/training_data.h"

namespace guichet {

// All tickets that are left in a reader. INVALID_ARGUMENT names `source` and the line: a ticket
// without a label, an unreadable one, or none at all.
absl::StatusOr<std::vector<Ticket>> ReadLabelledTickets(TicketReader& reader,
                                                        const std::string& source);

// SHA-256 over ids, texts and labels in order.
std::string HashTickets(const std::vector<Ticket>& tickets);

// Labelled tickets for their three uses.
struct TicketSets {
  std::vector<Ticket> training;
  std::vector<Ticket> validation;  // chooses the best epoch, fits the temperature
  std::vector<Ticket> holdout;     // judges the result; never trained on
};

// Divides tickets into training and validation rows, stratified and grouped by equal texts.
// INVALID_ARGUMENT: too few to have both.
absl::StatusOr<TicketSets> SplitForTraining(std::vector<Ticket> tickets, double validation_share,
                                            std::uint64_t seed);

struct HoldoutOptions {
  double holdout_share = 0.2;     // of the texts; above 0, below 1
  double validation_share = 0.1;  // of the rest
  std::uint64_t seed = 1;
};

// The same with a hold-out. A text is held out by its own hash, so that it falls the same way in
// every data set to come, or since it is in `frozen`. Of labels that neither gives
// a judge, holdout_share joins. `frozen` grows by all of them. No text that judges trains or
// validates.
absl::StatusOr<TicketSets> SplitWithHoldout(const std::vector<Ticket>& tickets,
                                            const HoldoutOptions& options, HoldoutKeys& frozen);

// The labels of the training tickets, sorted. INVALID_ARGUMENT: fewer than two, or a validation
// ticket of another label.
absl::StatusOr<std::vector<std::string>> LabelsOf(const TicketSets& sets);

// Tickets as token ids, special strings in them taken as text, longest `max_tokens`.
absl::StatusOr<std::vector<TrainingExample>> MakeExamples(const std::vector<Ticket>& tickets,
                                                          const Tokenizer& tokenizer,
                                                          const std::vector<std::string>& labels,
                                                          int max_tokens);

}  // namespace guichet
