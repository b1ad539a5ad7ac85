#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/model_options.h"
#include "model/checkpoint/parameter_names.h"
#include "model/data/ticket.h"
#include "model/network/bart_config.h"
#include "model/text/tokenizer.h"
#include "model/training/training_data.h"

namespace guichet {

// What a training run starts from.
struct TrainingBase {
  std::string name;  // for the manifest
  BartConfig config = {};
  std::optional<ModelWeights> weights = std::nullopt;  // unset: from scratch
  std::shared_ptr<const Tokenizer> tokenizer = nullptr;
};

// The base that --base or --scratch names, its head chosen by --head and --pooling, for these
// labels: a base with the very same labels keeps its head and their order, any other gets a new
// head.
absl::StatusOr<TrainingBase> OpenTrainingBase(const TrainOptions& options,
                                              const std::vector<std::string>& labels);

// Labelled tickets and where they come from.
struct TicketSet {
  std::vector<Ticket> tickets;
  std::string sha256;  // of ids, texts and labels in order
};
struct TicketSets {
  TicketSet training;
  TicketSet validation;
};

// Reads --data and --valid, or splits --data. INVALID_ARGUMENT names file and line: no label,
// invalid text, too few labels.
absl::StatusOr<TicketSets> ReadTicketSets(const TrainOptions& options, std::uint64_t seed);

// The labels of the training tickets, sorted. INVALID_ARGUMENT: fewer than two, or a validation
// ticket of another label.
absl::StatusOr<std::vector<std::string>> LabelsOf(const TicketSets& sets);

// Tickets as token ids, special strings in them taken as text, longest `max_tokens`.
absl::StatusOr<std::vector<TrainingExample>> MakeExamples(const std::vector<Ticket>& tickets,
                                                          const Tokenizer& tokenizer,
                                                          const std::vector<std::string>& labels,
                                                          int max_tokens);

}  // namespace guichet
