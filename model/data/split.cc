#include "model/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/status_macros.h"
#include "model/data/near_text_index.h"

namespace guichet {
namespace {

constexpr std::uint32_t kUnknown = 0xFFFFFFFFU;

// Rows of one text and its near-duplicates.
struct Group {
  TextKey key;             // the least of its texts'
  std::uint64_t rank = 0;  // pseudo-random, from the key and the seed
  std::vector<size_t> rows;
};

// Sets of numbers that are joined (Galler, Fischer 1964).
class DisjointSets {
 public:
  explicit DisjointSets(size_t size) : parents_(size) {
    std::iota(parents_.begin(), parents_.end(), 0U);
  }
  std::uint32_t Find(std::uint32_t member) {
    while (parents_[member] != member) {
      parents_[member] = parents_[parents_[member]];
      member = parents_[member];
    }
    return member;
  }
  // The smaller number becomes the set's.
  void Join(std::uint32_t a, std::uint32_t b) {
    a = Find(a);
    b = Find(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::uint32_t> parents_;
};

// One row of each distinct text, by rising key: whatever the order of the rows, the same texts are
// compared.
std::vector<size_t> DistinctTexts(std::span<const size_t> rows,
                                  std::span<const TextIdentity> identities) {
  std::vector<size_t> texts(rows.begin(), rows.end());
  const auto key = [&](size_t row) { return identities[row].key; };
  std::ranges::sort(texts, {}, key);
  const auto repeated = std::ranges::unique(texts, {}, key);
  texts.erase(repeated.begin(), repeated.end());
  return texts;
}

std::vector<Group> GroupByText(std::span<const size_t> rows,
                               std::span<const TextIdentity> identities, std::uint64_t seed) {
  const std::vector<size_t> texts = DistinctTexts(rows, identities);
  DisjointSets sets(texts.size());
  NearTextIndex index;
  std::vector<std::uint32_t> indexed;  // the text of each sketch in the index
  for (std::uint32_t text = 0; text < texts.size(); ++text) {
    const auto& sketch = identities[texts[text]].sketch;
    if (!sketch) continue;
    index.ForEach(
        *sketch, [&](std::uint32_t other) { return sets.Find(indexed[other]) == sets.Find(text); },
        [&](std::uint32_t other) { sets.Join(indexed[other], text); });
    index.Add(*sketch);
    indexed.push_back(text);
  }
  std::vector<Group> groups;
  std::vector<std::uint32_t> group_of(texts.size(), kUnknown);  // by a set's number
  for (const size_t row : rows) {
    const auto place = std::ranges::lower_bound(
        texts, identities[row].key, {}, [&](size_t other) { return identities[other].key; });
    const std::uint32_t set = sets.Find(static_cast<std::uint32_t>(place - texts.begin()));
    if (group_of[set] == kUnknown) {
      group_of[set] = static_cast<std::uint32_t>(groups.size());
      const TextKey key = identities[texts[set]].key;
      groups.push_back({key, MixBits(key.high ^ MixBits(seed)), {}});
    }
    groups[group_of[set]].rows.push_back(row);
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

// Takes back from validation the groups with a label that no training row bears, as a text with two
// labels can leave them: with them a run knows all labels it is judged by.
void TrainOnEveryLabel(const std::vector<Group>& groups, std::span<const Ticket> tickets,
                       std::vector<bool>& validation) {
  std::set<std::string_view> trained;
  for (const Group& group : groups) {
    if (validation[group.rows[0]]) continue;
    for (const size_t row : group.rows) trained.insert(tickets[row].label);
  }
  for (const Group& group : groups) {
    if (!validation[group.rows[0]]) continue;
    const bool known = std::ranges::all_of(
        group.rows, [&](size_t row) { return trained.contains(tickets[row].label); });
    if (known) continue;
    for (const size_t row : group.rows) {
      validation[row] = false;
      trained.insert(tickets[row].label);
    }
  }
}

}  // namespace

absl::Status SplitOptions::Validate() const {
  if (!(validation_share > 0 && validation_share < 1)) {
    return absl::InvalidArgumentError(
        fmt::format("validation_share must be above 0 and below 1, not {}", validation_share));
  }
  return absl::OkStatus();
}

absl::StatusOr<DatasetSplit> SplitTickets(const std::vector<Ticket>& tickets,
                                          const SplitOptions& options) {
  std::vector<size_t> rows(tickets.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  return SplitRows(rows, tickets, IdentitiesOf(tickets), options);
}

absl::StatusOr<DatasetSplit> SplitRows(std::span<const size_t> rows,
                                       std::span<const Ticket> tickets,
                                       std::span<const TextIdentity> identities,
                                       const SplitOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  std::vector<Group> groups = GroupByText(rows, identities, options.seed);
  if (groups.size() < 2) {
    return absl::InvalidArgumentError(fmt::format(
        "{} rows with {} distinct texts, near-duplicates counted as one, cannot be split; two are "
        "the least",
        rows.size(), groups.size()));
  }
  std::ranges::sort(groups, {},
                    [](const Group& group) { return std::tuple(group.rank, group.key); });
  std::map<std::string, std::vector<const Group*>> by_label;
  for (const Group& group : groups) by_label[LabelOf(group, tickets)].push_back(&group);
  std::vector<bool> validation(tickets.size());
  for (const auto& [label, members] : by_label) {
    ChooseValidation(members, options.validation_share, validation);
  }
  TrainOnEveryLabel(groups, tickets, validation);
  DatasetSplit split;
  for (const size_t row : rows) (validation[row] ? split.validation : split.train).push_back(row);
  return split;
}

}  // namespace guichet
