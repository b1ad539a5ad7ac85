#include "model/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status_macros.h"
#include "model/data/text_key.h"

namespace guichet {
namespace {

// Rows of one normalised text.
struct Group {
  TextKey key;
  std::uint64_t rank = 0;  // pseudo-random, from the key and the seed
  std::vector<size_t> rows;
};

std::vector<Group> GroupByText(std::span<const Ticket> tickets, std::uint64_t seed) {
  std::vector<Group> groups;
  std::unordered_map<TextKey, size_t> known;
  for (size_t row = 0; row < tickets.size(); ++row) {
    const TextKey key = KeyOfText(NormalizedText(tickets[row].Text()));
    const auto [entry, inserted] = known.try_emplace(key, groups.size());
    if (inserted) groups.push_back({key, MixBits(key.high ^ MixBits(seed)), {}});
    groups[entry->second].rows.push_back(row);
  }
  return groups;
}

// The most frequent label of a group, the first in byte order of equals.
const std::string& LabelOf(const Group& group, std::span<const Ticket> tickets) {
  std::map<std::string_view, std::pair<int, size_t>> counts;
  for (const size_t row : group.rows) {
    auto& [count, first] = counts.try_emplace(tickets[row].label, 0, row).first->second;
    ++count;
  }
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second.first; });
  return tickets[most->second.second].label;
}

// Marks the groups of one label that go to validation. Groups come in random order.
void ChooseValidation(std::span<const Group* const> groups, double share,
                      std::vector<bool>& validation) {
  size_t rows = 0;
  for (const Group* group : groups) rows += group->rows.size();
  if (groups.size() < 2) return;
  const auto wanted =
      std::max<size_t>(1, static_cast<size_t>(std::llround(share * static_cast<double>(rows))));
  size_t taken = 0;
  size_t chosen = 0;
  const auto take = [&](const Group& group) {
    for (const size_t row : group.rows) validation[row] = true;
    taken += group.rows.size();
    ++chosen;
  };
  // Big groups that would overshoot are passed over; one text always stays for training.
  for (const Group* group : groups) {
    if (chosen + 1 == groups.size()) break;
    if (taken + group->rows.size() <= wanted) take(*group);
  }
  if (chosen > 0) return;
  take(**std::ranges::min_element(
      groups, {}, [](const Group* group) { return std::tuple(group->rows.size(), group->rank); }));
}

}  // namespace

absl::Status SplitOptions::Validate() const {
  if (!(validation_share > 0 && validation_share < 1)) {
    return absl::InvalidArgumentError(
        fmt::format("validation_share must be above 0 and below 1, not {}", validation_share));
  }
  return absl::OkStatus();
}

absl::StatusOr<DatasetSplit> SplitTickets(std::span<const Ticket> tickets,
                                          const SplitOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  std::vector<Group> groups = GroupByText(tickets, options.seed);
  if (groups.size() < 2) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows with {} distinct texts cannot be split; two are the least",
                    tickets.size(), groups.size()));
  }
  std::ranges::sort(groups, {},
                    [](const Group& group) { return std::tuple(group.rank, group.key); });
  std::map<std::string, std::vector<const Group*>> by_label;
  for (const Group& group : groups) by_label[LabelOf(group, tickets)].push_back(&group);
  std::vector<bool> validation(tickets.size());
  for (const auto& [label, members] : by_label) {
    ChooseValidation(members, options.validation_share, validation);
  }
  DatasetSplit split;
  for (size_t row = 0; row < tickets.size(); ++row) {
    (validation[row] ? split.validation : split.train).push_back(row);
  }
  return split;
}

}  // namespace guichet
