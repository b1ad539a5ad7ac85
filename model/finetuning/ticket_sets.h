#pragma once

#include <cstddef>
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

// The most that one run trains on: its tickets are held in memory as text, and as tokens beside it.
// Measured with 100,000 generated tickets of 220 bytes: 380 bytes a row as text, 860 at the most
// while they are divided.
struct TicketLimits {
  std::size_t max_rows = 1'000'000;
  std::size_t max_bytes = std::size_t{1} << 30;  // of texts, ids and labels
};

// All tickets that are left in a reader. INVALID_ARGUMENT names `source` and the line: a ticket
// without a label, an unreadable one, or none at all. RESOURCE_EXHAUSTED: more than the limits.
absl::StatusOr<std::vector<Ticket>> ReadLabelledTickets(TicketReader& reader,
                                                        const std::string& source,
                                                        const TicketLimits& limits = {});

// SHA-256 over ids, texts and labels in order.
std::string HashTickets(const std::vector<Ticket>& tickets);

// Some tickets of a data set.
struct DroppedTickets {
  static constexpr std::size_t kMaxNumbers = 20;

  std::int64_t count = 0;
  std::vector<std::int64_t> numbers;  // of the first of them in the data set, from 1
};

// Labelled tickets for their three uses.
struct TicketSets {
  std::vector<Ticket> training;
  std::vector<Ticket> validation;  // chooses the best epoch, fits the temperature
  std::vector<Ticket> holdout;     // judges the result; never trained on
  // Tickets left out of all three, since they are near-duplicates of held-out texts.
  DroppedTickets near_holdout;
};

// Divides tickets into training and validation rows, stratified and grouped by near-duplicates.
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
// a judge, holdout_share joins. `frozen` grows by all of them. No text that judges, and no
// near-duplicate of one, trains or validates. The order of the tickets decides nothing.
absl::StatusOr<TicketSets> SplitWithHoldout(std::vector<Ticket> tickets,
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
