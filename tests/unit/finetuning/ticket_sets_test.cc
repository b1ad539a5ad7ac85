#include "model/finetuning/ticket_sets.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/data/ticket_generator.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

std::vector<Ticket> Tickets(int rows, std::uint64_t seed) {
  TicketGenerator generator({.seed = seed});
  std::vector<Ticket> tickets;
  for (int i = 0; i < rows; ++i) tickets.push_back(generator.Next());
  return tickets;
}

HoldoutKeys KeysOf(const std::vector<Ticket>& tickets) {
  HoldoutKeys keys;
  for (const Ticket& ticket : tickets) keys.insert(KeyOfText(NormalizedText(ticket.Text())));
  return keys;
}

bool Disjoint(const HoldoutKeys& first, const HoldoutKeys& second) {
  for (const TextKey& key : first) {
    if (second.contains(key)) return false;
  }
  return true;
}

TEST(SplitWithHoldoutTest, HoldsOutAShareOfEveryLabel) {
  const std::vector<Ticket> tickets = Tickets(2000, 1);
  HoldoutKeys frozen;
  const auto sets = SplitWithHoldout(tickets, {}, frozen);
  ASSERT_TRUE(sets.ok()) << sets.status();
  EXPECT_EQ(sets->training.size() + sets->validation.size() + sets->holdout.size(), 2000U);
  EXPECT_NEAR(static_cast<double>(sets->holdout.size()), 400, 80);
  std::set<std::string> labels;
  std::set<std::string> judged;
  for (const Ticket& ticket : tickets) labels.insert(ticket.label);
  for (const Ticket& ticket : sets->holdout) judged.insert(ticket.label);
  EXPECT_EQ(judged, labels);
  EXPECT_EQ(frozen, KeysOf(sets->holdout));
  EXPECT_FALSE(sets->validation.empty());
  EXPECT_TRUE(Disjoint(frozen, KeysOf(sets->training)));
  EXPECT_TRUE(Disjoint(frozen, KeysOf(sets->validation)));
}

TEST(SplitWithHoldoutTest, WhatWasHeldOutNeverTrainsLater) {
  std::vector<Ticket> tickets = Tickets(1000, 1);
  HoldoutKeys frozen;
  ASSERT_TRUE(SplitWithHoldout(tickets, {}, frozen).ok());
  const HoldoutKeys first = frozen;
  // The next month: the same tickets written otherwise, and new ones.
  for (Ticket& ticket : tickets) ticket.body += " !!";
  for (Ticket& ticket : Tickets(1000, 2)) tickets.push_back(std::move(ticket));
  for (const std::uint64_t seed : {1, 2, 3}) {
    HoldoutKeys later = first;
    const auto sets = SplitWithHoldout(tickets, {.seed = seed}, later);
    ASSERT_TRUE(sets.ok()) << sets.status();
    EXPECT_TRUE(std::ranges::includes(later, first));
    EXPECT_EQ(KeysOf(sets->holdout), later);
    EXPECT_GT(later.size(), first.size() + 100);  // the new month's share
    EXPECT_TRUE(Disjoint(later, KeysOf(sets->training)));
    EXPECT_TRUE(Disjoint(later, KeysOf(sets->validation)));
  }
}

TEST(SplitWithHoldoutTest, TheHashNeedsNoMemory) {
  // Another server, another month: the same text falls the same way.
  const std::vector<Ticket> tickets = Tickets(1000, 1);
  HoldoutKeys one;
  HoldoutKeys other;
  ASSERT_TRUE(SplitWithHoldout(tickets, {.seed = 1}, one).ok());
  std::vector<Ticket> more = Tickets(500, 9);
  more.insert(more.end(), tickets.begin(), tickets.end());
  ASSERT_TRUE(SplitWithHoldout(more, {.seed = 2}, other).ok());
  EXPECT_TRUE(std::ranges::includes(other, one));
}

TEST(SplitWithHoldoutTest, ANewLabelGetsItsOwnHoldout) {
  std::vector<Ticket> tickets = Tickets(600, 1);
  HoldoutKeys frozen;
  ASSERT_TRUE(SplitWithHoldout(tickets, {}, frozen).ok());
  const std::size_t before = frozen.size();
  for (int i = 0; i < 50; ++i) {
    tickets.push_back({.id = {},
                       .subject = "Téléphone",
                       .body = "ma ligne numéro " + std::to_string(i) + " est coupée",
                       .label = "Téléphonie fixe"});
  }
  const auto sets = SplitWithHoldout(tickets, {}, frozen);
  ASSERT_TRUE(sets.ok()) << sets.status();
  EXPECT_GT(frozen.size(), before);
  std::map<std::string, int> judges;
  for (const Ticket& ticket : sets->holdout) ++judges[ticket.label];
  EXPECT_GE(judges["Téléphonie fixe"], 1);
  EXPECT_LE(judges["Téléphonie fixe"], 25);
}

TEST(SplitWithHoldoutTest, RefusesSharesAndTooFewTickets) {
  HoldoutKeys frozen;
  EXPECT_THAT(
      std::string(
          SplitWithHoldout(Tickets(100, 1), {.holdout_share = 1.5}, frozen).status().message()),
      HasSubstr("holdout_share is 1.5"));
  const std::vector<Ticket> few = {{.id = {}, .subject = "un", .body = {}, .label = "x"},
                                   {.id = {}, .subject = "deux", .body = {}, .label = "y"}};
  EXPECT_EQ(SplitForTraining(few, 0.1, 1).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SplitForTrainingTest, ATextOfTwoLabelsLeavesNoLabelUntrained) {
  // "commun" bears x twice and y once, and y occurs nowhere else.
  std::vector<Ticket> tickets;
  for (int i = 0; i < 6; ++i) {
    tickets.push_back({.id = {},
                       .subject = "texte " + std::to_string(i),
                       .body = {},
                       .label = i < 3 ? "x" : "z"});
  }
  for (const char* label : {"x", "x", "y"}) {
    tickets.push_back({.id = {}, .subject = "commun", .body = {}, .label = label});
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto sets = SplitForTraining(tickets, 0.3, seed);
    ASSERT_TRUE(sets.ok()) << sets.status();
    EXPECT_TRUE(LabelsOf(*sets).ok()) << LabelsOf(*sets).status();
    EXPECT_TRUE(Disjoint(KeysOf(sets->training), KeysOf(sets->validation)));
  }
}

TEST(LabelsOfTest, WantsTwoLabelsAndKnowsThoseOfTheValidationRows) {
  TicketSets sets;
  sets.training = {{.id = {}, .subject = "a", .body = {}, .label = "x"}};
  EXPECT_THAT(std::string(LabelsOf(sets).status().message()), HasSubstr("two or more"));
  sets.training.push_back({.id = {}, .subject = "b", .body = {}, .label = "y"});
  EXPECT_EQ(LabelsOf(sets).value(), (std::vector<std::string>{"x", "y"}));
  sets.validation = {{.id = "v7", .subject = "c", .body = {}, .label = "z"}};
  EXPECT_THAT(std::string(LabelsOf(sets).status().message()), HasSubstr("'v7'"));
}

}  // namespace
}  // namespace guichet
