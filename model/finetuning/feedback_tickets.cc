#include "model/finetuning/feedback_tickets.h"

#include <map>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/data/dataset_reader.h"
#include "model/data/text_key.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFeedbackFile = "feedback.jsonl";
constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxCorrections = 10'000'000;

TextKey KeyOf(const Ticket& ticket) { return KeyOfText(NormalizedText(ticket.Text())); }

}  // namespace

absl::Status WriteFeedbackTickets(const std::vector<Ticket>& corrections, const fs::path& folder) {
  std::string lines;
  for (const Ticket& ticket : corrections) {
    const nlohmann::json line = {{"id", ticket.id},
                                 {"subject", ticket.subject},
                                 {"body", ticket.body},
                                 {"label", ticket.label}};
    lines += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    lines += '\n';
  }
  return WriteFileDurably(folder / kFeedbackFile, lines);
}

absl::StatusOr<std::vector<Ticket>> ReadFeedbackTickets(const fs::path& folder) {
  TicketReaderOptions options;
  options.format = TicketFormat::kJsonLines;
  options.max_record_bytes = kMaxRecordBytes;
  return ReadAllTickets(folder / kFeedbackFile, options, kMaxCorrections);
}

FeedbackMerge MergeFeedback(const std::vector<Ticket>& corrections, std::vector<Ticket>& tickets) {
  std::map<TextKey, const Ticket*> right;
  for (const Ticket& correction : corrections) right[KeyOf(correction)] = &correction;
  FeedbackMerge merge{.corrections = static_cast<std::int64_t>(right.size())};
  std::set<TextKey> held;
  std::set<TextKey> changed;
  for (Ticket& ticket : tickets) {
    const TextKey key = KeyOf(ticket);
    const auto found = right.find(key);
    if (found == right.end()) continue;
    held.insert(key);
    if (ticket.label == found->second->label) continue;
    ticket.label = found->second->label;
    changed.insert(key);
    ++merge.overruled;
  }
  merge.agreed = static_cast<std::int64_t>(held.size() - changed.size());
  // In their own order: the same corrections give the same rows.
  for (const Ticket& correction : corrections) {
    const TextKey key = KeyOf(correction);
    if (held.contains(key) || right.at(key) != &correction) continue;
    tickets.push_back(correction);
    ++merge.added;
  }
  return merge;
}

}  // namespace guichet
