#include "client/cli/training_input.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "model/checkpoint/checkpoint.h"
#include "model/data/split.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;

absl::StatusOr<TrainingBase> FromScratch(const TrainOptions& options,
                                         const std::vector<std::string>& labels) {
  GUICHET_ASSIGN_OR_RETURN(const std::string json, ReadFile(options.scratch, kMaxConfigBytes));
  TrainingBase base{.name = "scratch"};
  GUICHET_ASSIGN_OR_RETURN(base.config, ParseBartConfig(json));
  GUICHET_ASSIGN_OR_RETURN(base.tokenizer, OpenTokenizer(options.tokenizer));
  base.config.labels = labels;
  if (base.config.vocab_size != base.tokenizer->vocabulary_size()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: vocab_size {} but the tokenizer '{}' has {} pieces; set vocab_size to that",
        options.scratch, base.config.vocab_size, options.tokenizer,
        base.tokenizer->vocabulary_size()));
  }
  return base;
}

absl::StatusOr<TrainingBase> FromFolder(const std::string& folder) {
  if (fs::exists(fs::path(folder) / "manifest.json")) {
    GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(folder));
    TrainingBase base{.name = bundle->manifest().name,
                      .config = bundle->config(),
                      .weights = bundle->weights(),
                      .tokenizer = bundle->tokenizer()};
    base.config.labels = bundle->manifest().labels;
    return base;
  }
  TrainingBase base{.name = fs::weakly_canonical(folder).filename().string()};
  GUICHET_ASSIGN_OR_RETURN(base.config, ReadBartConfig(folder));
  GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(folder));
  GUICHET_ASSIGN_OR_RETURN(base.weights, ResolveParameterNames(std::move(checkpoint), base.config));
  GUICHET_ASSIGN_OR_RETURN(base.tokenizer, LoadTokenizer(folder));
  return base;
}

void DropHead(ModelWeights& weights) {
  std::erase_if(weights.tensors,
                [](const auto& entry) { return entry.first.starts_with("classification_head."); });
  weights.has_classification_head = false;
}

// The head the run trains: the base's own, or what the options say.
absl::Status ChooseHead(const TrainOptions& options, TrainingBase& base) {
  const bool keeps =
      options.head == "auto" && base.weights && base.weights->has_classification_head;
  if (!keeps && options.head != "encoder-decoder") {
    GUICHET_ASSIGN_OR_RETURN(const Pooling pooling, ParsePooling(options.pooling));
    if (!base.config.pooling || options.head == "encoder") base.config.pooling = pooling;
  }
  if (options.head == "encoder-decoder") base.config.pooling.reset();
  if (base.weights && base.config.head() == HeadKind::kEncoderDecoder &&
      !base.weights->has_decoder) {
    return absl::InvalidArgumentError(fmt::format(
        "--head encoder-decoder: {} holds no decoder; use --head encoder", options.base));
  }
  return absl::OkStatus();
}

absl::StatusOr<TicketSet> ReadTickets(const InputOptions& input) {
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/false));
  TicketSet set;
  while (true) {
    GUICHET_ASSIGN_OR_RETURN(std::optional<Ticket> ticket, reader->Next());
    if (!ticket) break;
    if (ticket->label.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: line {}: no label; --map label=COLUMN names the column", input.file,
                      reader->line()));
    }
    set.tickets.push_back(std::move(*ticket));
  }
  if (set.tickets.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}: no ticket in it", input.file));
  }
  return set;
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

std::vector<Ticket> Pick(const std::vector<Ticket>& tickets, const std::vector<std::size_t>& rows) {
  std::vector<Ticket> picked;
  picked.reserve(rows.size());
  for (const std::size_t row : rows) picked.push_back(tickets[row]);
  return picked;
}

}  // namespace

absl::StatusOr<TrainingBase> OpenTrainingBase(const TrainOptions& options,
                                              const std::vector<std::string>& labels) {
  GUICHET_ASSIGN_OR_RETURN(TrainingBase base, options.scratch.empty()
                                                  ? FromFolder(options.base)
                                                  : FromScratch(options, labels));
  if (base.tokenizer == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{}: no tokenizer files in it; a base needs them to read text", options.base));
  }
  const std::set<std::string> wanted(labels.begin(), labels.end());
  const std::set<std::string> own(base.config.labels.begin(), base.config.labels.end());
  if (base.weights && base.weights->has_classification_head && wanted != own) {
    DropHead(*base.weights);
  }
  if (wanted != own) base.config.labels = labels;
  GUICHET_RETURN_IF_ERROR(ChooseHead(options, base));
  return base;
}

absl::StatusOr<TicketSets> ReadTicketSets(const TrainOptions& options, std::uint64_t seed) {
  TicketSets sets;
  GUICHET_ASSIGN_OR_RETURN(TicketSet all, ReadTickets(options.input));
  if (!options.validation.empty()) {
    InputOptions input = options.input;
    input.file = options.validation;
    GUICHET_ASSIGN_OR_RETURN(sets.validation, ReadTickets(input));
    sets.training = std::move(all);
  } else {
    GUICHET_ASSIGN_OR_RETURN(
        const DatasetSplit split,
        SplitTickets(all.tickets, {.validation_share = options.validation_share, .seed = seed}));
    sets.training.tickets = Pick(all.tickets, split.train);
    sets.validation.tickets = Pick(all.tickets, split.validation);
  }
  sets.training.sha256 = HashTickets(sets.training.tickets);
  sets.validation.sha256 = HashTickets(sets.validation.tickets);
  return sets;
}

absl::StatusOr<std::vector<std::string>> LabelsOf(const TicketSets& sets) {
  std::set<std::string> labels;
  for (const Ticket& ticket : sets.training.tickets) labels.insert(ticket.label);
  if (labels.size() < 2) {
    return absl::InvalidArgumentError(
        fmt::format("all training tickets bear the label '{}'; a classifier needs two or more",
                    *labels.begin()));
  }
  for (const Ticket& ticket : sets.validation.tickets) {
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
