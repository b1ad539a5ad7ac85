#include "model/data/split.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/random.h"
#include "model/data/text_key.h"
#include "model/data/ticket_generator.h"

namespace guichet {
namespace {

std::vector<Ticket> RandomTickets(std::uint64_t seed) {
  Random random(seed);
  TicketGeneratorOptions options;
  options.seed = seed;
  TicketGenerator generator(options);
  std::vector<Ticket> tickets;
  const size_t rows = 20 + random.Below(600);
  while (tickets.size() < rows) {
    tickets.push_back(generator.Next());
    // Duplicates, some of them disguised, some under another label.
    while (random.Chance(0.3)) {
      Ticket copy = tickets[random.Below(tickets.size())];
      if (random.Chance(0.5)) copy.body += " !!";
      if (random.Chance(0.1)) copy.label = "Autre";
      tickets.push_back(copy);
    }
  }
  return tickets;
}

TEST(SplitTest, EveryRowOnceAndNoTextOnBothSides) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::vector<Ticket> tickets = RandomTickets(seed);
    const auto split = SplitTickets(tickets, {.validation_share = 0.2, .seed = seed});
    ASSERT_TRUE(split.ok()) << split.status();
    std::vector<size_t> rows = split->train;
    rows.insert(rows.end(), split->validation.begin(), split->validation.end());
    std::ranges::sort(rows);
    ASSERT_EQ(rows.size(), tickets.size());
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], i);
    std::set<std::string> trained;
    for (const size_t row : split->train) trained.insert(NormalizedText(tickets[row].Text()));
    for (const size_t row : split->validation) {
      EXPECT_FALSE(trained.contains(NormalizedText(tickets[row].Text())));
    }
  }
}

TEST(SplitTest, NearDuplicatesAndTheirChainsStayTogether) {
  // Each text shares all but its ends with the next; the first and the last share little.
  const auto words = [](int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i) text += "mot" + std::to_string(i) + " ";
    return text;
  };
  std::vector<Ticket> tickets;
  for (int i = 0; i < 12; ++i) tickets.push_back({"", "", words(i, i + 60), "a"});
  for (int i = 0; i < 20; ++i) tickets.push_back({"", "", "autre " + std::to_string(i), "a"});
  ASSERT_FALSE(
      AreNearDuplicates(*IdentityOf(tickets[0].body).sketch, *IdentityOf(tickets[11].body).sketch));
  bool seen_in_validation = false;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto split = SplitTickets(tickets, {.validation_share = 0.5, .seed = seed});
    ASSERT_TRUE(split.ok());
    const auto in_chain = [](size_t row) { return row < 12; };
    const auto validated = std::ranges::count_if(split->validation, in_chain);
    EXPECT_TRUE(validated == 0 || validated == 12) << validated;
    seen_in_validation |= validated == 12;
  }
  EXPECT_TRUE(seen_in_validation);
}

TEST(SplitTest, RowsCanBeDividedAlone) {
  const std::vector<Ticket> tickets = RandomTickets(3);
  std::vector<size_t> rows;
  for (size_t row = 1; row < tickets.size(); row += 2) rows.push_back(row);
  const auto split = SplitRows(rows, tickets, IdentitiesOf(tickets), {});
  ASSERT_TRUE(split.ok()) << split.status();
  std::vector<size_t> divided = split->train;
  divided.insert(divided.end(), split->validation.begin(), split->validation.end());
  std::ranges::sort(divided);
  EXPECT_EQ(divided, rows);
}

TEST(SplitTest, EachLabelGetsItsShare) {
  TicketGenerator generator({});
  std::vector<Ticket> tickets;
  std::map<std::string, double> total;
  for (int i = 0; i < 3000; ++i) {
    tickets.push_back(generator.Next());
    ++total[tickets.back().label];
  }
  const auto split = SplitTickets(tickets, {.validation_share = 0.15, .seed = 2});
  ASSERT_TRUE(split.ok());
  std::map<std::string, double> validation;
  for (const size_t row : split->validation) ++validation[tickets[row].label];
  for (const auto& [label, count] : total) {
    EXPECT_NEAR(validation[label] / count, 0.15, 0.02) << label;
  }
}

// The texts on the validation side, whatever the order of the rows.
std::set<std::string> ValidationTexts(const std::vector<Ticket>& tickets, std::uint64_t seed) {
  const auto split = SplitTickets(tickets, {.validation_share = 0.2, .seed = seed});
  EXPECT_TRUE(split.ok());
  std::set<std::string> texts;
  for (const size_t row : split->validation) texts.insert(NormalizedText(tickets[row].Text()));
  return texts;
}

TEST(SplitTest, DependsOnTheSeedButNotOnTheOrderOfRows) {
  std::vector<Ticket> tickets = RandomTickets(77);
  const auto first = ValidationTexts(tickets, 5);
  EXPECT_EQ(first, ValidationTexts(tickets, 5));
  EXPECT_NE(first, ValidationTexts(tickets, 6));
  Random random(1);
  random.Shuffle(std::span<Ticket>(tickets));
  EXPECT_EQ(first, ValidationTexts(tickets, 5));
}

TEST(SplitTest, SmallLabelsKeepARowOnEitherSide) {
  const std::vector<Ticket> tickets = {{"", "", "un", "a"},     {"", "", "deux", "a"},
                                       {"", "", "trois", "b"},  {"", "", "Trois !", "b"},
                                       {"", "", "quatre", "b"}, {"", "", "cinq", "c"}};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto split = SplitTickets(tickets, {.validation_share = 0.01, .seed = seed});
    ASSERT_TRUE(split.ok());
    std::map<std::string, std::pair<int, int>> sides;
    for (const size_t row : split->train) ++sides[tickets[row].label].first;
    for (const size_t row : split->validation) ++sides[tickets[row].label].second;
    EXPECT_EQ(sides["a"], std::pair(1, 1));
    EXPECT_EQ(sides["b"], std::pair(2, 1));  // the pair of equal texts is the bigger group
    EXPECT_EQ(sides["c"], std::pair(1, 0));
  }
}

TEST(SplitTest, RefusesWhatCannotBeSplit) {
  const std::vector<Ticket> equal = {{"", "", "Un", "a"}, {"", "", "un.", "b"}};
  EXPECT_FALSE(SplitTickets(equal, {}).ok());
  EXPECT_FALSE(SplitTickets({}, {}).ok());
  EXPECT_FALSE(SplitTickets(RandomTickets(1), {.validation_share = 0}).ok());
  EXPECT_FALSE(SplitTickets(RandomTickets(1), {.validation_share = 1}).ok());
}

}  // namespace
}  // namespace guichet
