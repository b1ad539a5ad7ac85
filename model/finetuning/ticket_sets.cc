#include "model/finetuning/ticket_sets.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/data/near_text_index.h"
#include "model/data/split.h"

namespace guichet {
namespace {

using Rows = std::vector<std::size_t>;

std::vector<Ticket> Take(std::vector<Ticket>& tickets, const Rows& rows) {
  std::vector<Ticket> taken;
  taken.reserve(rows.size());
  for (const std::size_t row : rows) taken.push_back(std::move(tickets[row]));
  return taken;
}

// Whether a text's own hash holds it out: the same for ever and in every data set.
bool IsHeldOutByHash(const TextKey& key, double share) {
  constexpr std::uint64_t kStream = 0x686f6c646f7574ULL;
  return Random(key.low ^ kStream).Chance(share);
}

// Divides some of the tickets, which move out of the list.
absl::StatusOr<TicketSets> Divide(std::vector<Ticket>& tickets, const Rows& rows,
                                  const std::vector<TextIdentity>& identities,
                                  const SplitOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(const DatasetSplit split, SplitRows(rows, tickets, identities, options));
  if (split.validation.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "{} tickets leave none to validate on; give more tickets of each label, or a file of their "
        "own",
        rows.size()));
  }
  TicketSets sets;
  sets.training = Take(tickets, split.train);
  sets.validation = Take(tickets, split.validation);
  return sets;
}

void Freeze(const TextIdentity& text, HoldoutKeys& frozen) { frozen[text.key] = text.sketch; }

// Adds the texts that are held out from now on.
void FreezeTexts(const std::vector<Ticket>& tickets, const std::vector<TextIdentity>& identities,
                 const HoldoutOptions& options, HoldoutKeys& frozen) {
  std::set<std::string_view> judged;  // labels that the hold-out knows
  for (std::size_t row = 0; row < tickets.size(); ++row) {
    const TextIdentity& text = identities[row];
    const auto known = frozen.find(text.key);
    if (known != frozen.end()) {
      known->second = text.sketch;
    } else if (IsHeldOutByHash(text.key, options.holdout_share)) {
      Freeze(text, frozen);
    } else {
      continue;
    }
    judged.insert(tickets[row].label);
  }
  Rows unjudged;
  for (std::size_t row = 0; row < tickets.size(); ++row) {
    if (!judged.contains(tickets[row].label)) unjudged.push_back(row);
  }
  // Too few texts to divide are trained on.
  const auto split = SplitRows(unjudged, tickets, identities,
                               {.validation_share = options.holdout_share, .seed = options.seed});
  if (!split.ok()) return;
  for (const std::size_t row : split->validation) Freeze(identities[row], frozen);
}

NearTextIndex IndexOf(const HoldoutKeys& frozen) {
  NearTextIndex index;
  for (const auto& [key, sketch] : frozen) {
    if (sketch) index.Add(*sketch);
  }
  return index;
}

}  // namespace

absl::StatusOr<std::vector<Ticket>> ReadLabelledTickets(TicketReader& reader,
                                                        const std::string& source,
                                                        const TicketLimits& limits) {
  std::vector<Ticket> tickets;
  std::size_t bytes = 0;
  while (true) {
    GUICHET_ASSIGN_OR_RETURN(std::optional<Ticket> ticket, reader.Next());
    if (!ticket) break;
    if (ticket->label.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: line {}: no label; a column mapping (label=COLUMN) names the column",
                      source, reader.line()));
    }
    bytes +=
        ticket->id.size() + ticket->subject.size() + ticket->body.size() + ticket->label.size();
    if (tickets.size() == limits.max_rows || bytes > limits.max_bytes) {
      return absl::ResourceExhaustedError(
          fmt::format("{}: line {}: more than {} tickets or {} bytes of text, the most that one "
                      "run trains on; take the newest or a random part",
                      source, reader.line(), limits.max_rows, limits.max_bytes));
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
  Rows rows(tickets.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return Divide(tickets, rows, IdentitiesOf(tickets),
                {.validation_share = validation_share, .seed = seed});
}

absl::StatusOr<TicketSets> SplitWithHoldout(std::vector<Ticket> tickets,
                                            const HoldoutOptions& options, HoldoutKeys& frozen) {
  if (!(options.holdout_share > 0.0 && options.holdout_share < 1.0)) {
    return absl::InvalidArgumentError(
        fmt::format("holdout_share is {}; it must lie in (0, 1)", options.holdout_share));
  }
  const std::vector<TextIdentity> identities = IdentitiesOf(tickets);
  FreezeTexts(tickets, identities, options, frozen);
  const NearTextIndex index = IndexOf(frozen);
  Rows holdout;
  Rows rest;
  DroppedTickets dropped;
  for (std::size_t row = 0; row < tickets.size(); ++row) {
    const TextIdentity& text = identities[row];
    if (frozen.contains(text.key)) {
      holdout.push_back(row);
    } else if (text.sketch && index.Find(*text.sketch)) {
      ++dropped.count;
      if (dropped.numbers.size() < DroppedTickets::kMaxNumbers) {
        dropped.numbers.push_back(static_cast<std::int64_t>(row) + 1);
      }
    } else {
      rest.push_back(row);
    }
  }
  GUICHET_ASSIGN_OR_RETURN(TicketSets sets, Divide(tickets, rest, identities,
                                                   {.validation_share = options.validation_share,
                                                    .seed = options.seed}));
  sets.holdout = Take(tickets, holdout);
  sets.near_holdout = std::move(dropped);
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
