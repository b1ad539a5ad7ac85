#include "model/finetuning/ticket_sets.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/data/split.h"
#include "model/data/text_key.h"

namespace guichet {
namespace {

std::vector<Ticket> Pick(const std::vector<Ticket>& tickets, const std::vector<std::size_t>& rows) {
  std::vector<Ticket> picked;
  picked.reserve(rows.size());
  for (const std::size_t row : rows) picked.push_back(tickets[row]);
  return picked;
}

TextKey KeyOf(const Ticket& ticket) { return KeyOfText(NormalizedText(ticket.Text())); }

// Whether a text's own hash holds it out: the same for ever and in every data set.
bool IsHeldOutByHash(const TextKey& key, double share) {
  constexpr std::uint64_t kStream = 0x686f6c646f7574ULL;
  return Random(key.low ^ kStream).Chance(share);
}

// Validation texts of a label that no training ticket bears, as a text with two labels can leave
// them, go to the training tickets: with them the run knows all labels it is judged by.
void TrainOnEveryLabel(TicketSets& sets) {
  std::set<std::string> trained;
  for (const Ticket& ticket : sets.training) trained.insert(ticket.label);
  std::set<TextKey> moved;
  for (const Ticket& ticket : sets.validation) {
    if (!trained.contains(ticket.label)) moved.insert(KeyOf(ticket));
  }
  if (moved.empty()) return;
  std::vector<Ticket> kept;
  for (Ticket& ticket : sets.validation) {
    (moved.contains(KeyOf(ticket)) ? sets.training : kept).push_back(std::move(ticket));
  }
  sets.validation = std::move(kept);
}

}  // namespace

absl::StatusOr<std::vector<Ticket>> ReadLabelledTickets(TicketReader& reader,
                                                        const std::string& source) {
  std::vector<Ticket> tickets;
  while (true) {
    GUICHET_ASSIGN_OR_RETURN(std::optional<Ticket> ticket, reader.Next());
    if (!ticket) break;
    if (ticket->label.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: line {}: no label; a column mapping (label=COLUMN) names the column",
                      source, reader.line()));
    }
    tickets.push_back(std::move(*ticket));
  }
  if (tickets.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}: no ticket in it", source));
  }
  return tickets;
}

std::string HashTickets(const std::vector<Ticket>& tickets) {
  Sha256 hash;
  for (const Ticket& ticket : tickets) {
    for (const std::string* field : {&ticket.id, &ticket.subject, &ticket.body, &ticket.label}) {
      hash.Update(std::to_string(field->size()) + ":");
      hash.Update(*field);
    }
  }
  return hash.HexDigest();
}

absl::StatusOr<TicketSets> SplitForTraining(std::vector<Ticket> tickets, double validation_share,
                                            std::uint64_t seed) {
  GUICHET_ASSIGN_OR_RETURN(
      const DatasetSplit split,
      SplitTickets(tickets, {.validation_share = validation_share, .seed = seed}));
  TicketSets sets{.training = Pick(tickets, split.train),
                  .validation = Pick(tickets, split.validation),
                  .holdout = {}};
  TrainOnEveryLabel(sets);
  if (!sets.validation.empty()) return sets;
  return absl::InvalidArgumentError(fmt::format(
      "{} tickets leave none to validate on; give more tickets of each label, or a file of their "
      "own",
      tickets.size()));
}

absl::StatusOr<TicketSets> SplitWithHoldout(const std::vector<Ticket>& tickets,
                                            const HoldoutOptions& options, HoldoutKeys& frozen) {
  if (!(options.holdout_share > 0.0 && options.holdout_share < 1.0)) {
    return absl::InvalidArgumentError(
        fmt::format("holdout_share is {}; it must lie in (0, 1)", options.holdout_share));
  }
  std::set<std::string> judged;  // labels that the hold-out knows
  for (const Ticket& ticket : tickets) {
    const TextKey key = KeyOf(ticket);
    if (IsHeldOutByHash(key, options.holdout_share)) frozen.insert(key);
    if (frozen.contains(key)) judged.insert(ticket.label);
  }
  std::vector<Ticket> unjudged;
  for (const Ticket& ticket : tickets) {
    if (!judged.contains(ticket.label)) unjudged.push_back(ticket);
  }
  // Too few texts to divide are trained on.
  const auto split =
      SplitTickets(unjudged, {.validation_share = options.holdout_share, .seed = options.seed});
  if (split.ok()) {
    for (const std::size_t row : split->validation) frozen.insert(KeyOf(unjudged[row]));
  }
  std::vector<Ticket> holdout;
  std::vector<Ticket> rest;
  for (const Ticket& ticket : tickets) {
    (frozen.contains(KeyOf(ticket)) ? holdout : rest).push_back(ticket);
  }
  GUICHET_ASSIGN_OR_RETURN(
      TicketSets sets, SplitForTraining(std::move(rest), options.validation_share, options.seed));
  sets.holdout = std::move(holdout);
  return sets;
}

absl::StatusOr<std::vector<std::string>> LabelsOf(const TicketSets& sets) {
  std::set<std::string> labels;
  for (const Ticket& ticket : sets.training) labels.insert(ticket.label);
  if (labels.size() < 2) {
    return absl::InvalidArgumentError(
        fmt::format("all training tickets bear the label '{}'; a classifier needs two or more",
                    labels.empty() ? "" : *labels.begin()));
  }
  for (const Ticket& ticket : sets.validation) {
    if (!labels.contains(ticket.label)) {
      return absl::InvalidArgumentError(
          fmt::format("validation ticket '{}' bears the label '{}', which no training ticket does",
                      ticket.id, ticket.label));
    }
  }
  return std::vector<std::string>(labels.begin(), labels.end());
}

absl::StatusOr<std::vector<TrainingExample>> MakeExamples(const std::vector<Ticket>& tickets,
                                                          const Tokenizer& tokenizer,
                                                          const std::vector<std::string>& labels,
                                                          int max_tokens) {
  std::vector<TrainingExample> examples;
  examples.reserve(tickets.size());
  for (const Ticket& ticket : tickets) {
    GUICHET_ASSIGN_OR_RETURN(
        Encoding encoding,
        tokenizer.Encode(ticket.Text(), {.parse_special_tokens = false, .max_length = max_tokens}));
    const auto label = std::find(labels.begin(), labels.end(), ticket.label);
    examples.push_back(
        {.ids = std::move(encoding.ids), .label = static_cast<int>(label - labels.begin())});
  }
  return examples;
}

}  // namespace guichet
