#include "model/finetuning/ticket_sets.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/data/ticket_generator.h"
#include "model/finetuning/feedback_tickets.h"

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
  for (const Ticket& ticket : tickets) {
    const TextIdentity text = IdentityOf(ticket.Text());
    keys.emplace(text.key, text.sketch);
  }
  return keys;
}

bool Disjoint(const HoldoutKeys& first, const HoldoutKeys& second) {
  for (const auto& [key, sketch] : first) {
    if (second.contains(key)) return false;
  }
  return true;
}

bool Holds(const HoldoutKeys& all, const HoldoutKeys& some) {
  return std::ranges::all_of(some, [&](const auto& entry) { return all.contains(entry.first); });
}

// Whether a text of one is a near-duplicate of a text of the other, every pair compared.
bool AnyNear(const HoldoutKeys& first, const HoldoutKeys& second) {
  for (const auto& [key, sketch] : first) {
    for (const auto& [other_key, other] : second) {
      if (sketch && other && AreNearDuplicates(*sketch, *other)) return true;
    }
  }
  return false;
}

std::string Words(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "mot" + std::to_string(i) + " ";
  return text;
}

TEST(SplitWithHoldoutTest, HoldsOutAShareOfEveryLabel) {
  const std::vector<Ticket> tickets = Tickets(2000, 1);
  HoldoutKeys frozen;
  const auto sets = SplitWithHoldout(tickets, {}, frozen);
  ASSERT_TRUE(sets.ok()) << sets.status();
  EXPECT_EQ(sets->training.size() + sets->validation.size() + sets->holdout.size() +
                static_cast<std::size_t>(sets->near_holdout.count),
            2000U);
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
    EXPECT_TRUE(Holds(later, first));
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
  EXPECT_TRUE(Holds(other, one));
}

TEST(SplitWithHoldoutTest, NoNearDuplicateOfAHeldOutTextTrains) {
  // Every ticket also comes with a greeting before it and a signature behind it.
  std::vector<Ticket> tickets;
  for (int i = 0; i < 120; ++i) {
    const std::string body = Words(100 * i, 100 * i + 60);
    const std::string label = i % 2 == 0 ? "x" : "y";
    tickets.push_back({.id = {}, .subject = {}, .body = body, .label = label});
    tickets.push_back({.id = {}, .subject = {}, .body = "Bonjour, " + body, .label = label});
    tickets.push_back({.id = {}, .subject = {}, .body = body + " Merci", .label = label});
  }
  HoldoutKeys frozen;
  const auto sets = SplitWithHoldout(tickets, {}, frozen);
  ASSERT_TRUE(sets.ok()) << sets.status();
  EXPECT_GT(sets->near_holdout.count, 20);
  EXPECT_EQ(sets->near_holdout.numbers.size(), DroppedTickets::kMaxNumbers);
  EXPECT_EQ(sets->training.size() + sets->validation.size() + sets->holdout.size() +
                static_cast<std::size_t>(sets->near_holdout.count),
            tickets.size());
  const HoldoutKeys training = KeysOf(sets->training);
  const HoldoutKeys validation = KeysOf(sets->validation);
  EXPECT_FALSE(AnyNear(frozen, training));
  EXPECT_FALSE(AnyNear(frozen, validation));
  EXPECT_FALSE(AnyNear(training, validation));
  // The first of those left out is one, counted from 1.
  const Ticket& dropped = tickets[static_cast<std::size_t>(sets->near_holdout.numbers[0] - 1)];
  EXPECT_TRUE(AnyNear(KeysOf({dropped}), frozen));
}

TEST(SplitWithHoldoutTest, TheOrderOfTheTicketsDecidesNothing) {
  std::vector<Ticket> tickets = Tickets(800, 4);
  for (std::size_t i = 0; i < 200; ++i) {
    tickets.push_back(tickets[i]);
    tickets.back().body += " merci d'avance";
  }
  HoldoutKeys first_frozen;
  const auto first = SplitWithHoldout(tickets, {}, first_frozen);
  ASSERT_TRUE(first.ok());
  std::ranges::reverse(tickets);
  HoldoutKeys second_frozen;
  const auto second = SplitWithHoldout(tickets, {}, second_frozen);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first_frozen, second_frozen);
  EXPECT_EQ(KeysOf(first->training), KeysOf(second->training));
  EXPECT_EQ(KeysOf(first->validation), KeysOf(second->validation));
  EXPECT_EQ(first->near_holdout.count, second->near_holdout.count);
}

TEST(SplitWithHoldoutTest, KeysOfBeforeThereWereSketchesStillHoldOut) {
  const std::vector<Ticket> tickets = Tickets(600, 1);
  HoldoutKeys kept;
  ASSERT_TRUE(SplitWithHoldout(tickets, {}, kept).ok());
  HoldoutKeys old;
  for (const auto& [key, sketch] : kept) old.emplace(key, std::nullopt);
  const auto sets = SplitWithHoldout(tickets, {}, old);
  ASSERT_TRUE(sets.ok()) << sets.status();
  EXPECT_EQ(KeysOf(sets->holdout), kept);
  EXPECT_EQ(old, kept);  // the texts came again and brought their sketches
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

TEST(ReadLabelledTicketsTest, MoreThanFitsIsRefusedWithItsLine) {
  const std::string csv = "body,label\nun,x\ndeux,y\ntrois,x\n";
  const auto read = [&](const TicketLimits& limits) {
    std::istringstream stream(csv);
    TicketReaderOptions options;
    options.format = TicketFormat::kCsv;
    auto reader = OpenTicketReader(MakeStreamSource(stream), "in", options);
    return ReadLabelledTickets(**reader, "t.csv", limits);
  };
  EXPECT_EQ(read({})->size(), 3U);
  EXPECT_EQ(read({.max_rows = 3})->size(), 3U);
  const auto rows = read({.max_rows = 2}).status();
  EXPECT_EQ(rows.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(rows.message()), HasSubstr("t.csv: line 4: more than 2 tickets"));
  const auto bytes = read({.max_bytes = 5}).status();
  EXPECT_EQ(bytes.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(bytes.message()), HasSubstr("line 3"));
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

TEST(SplitWithHoldoutTest, ACorrectionOfAHeldOutTextJudgesAndNeverTrains) {
  std::vector<Ticket> tickets = Tickets(1000, 1);
  HoldoutKeys frozen;
  const auto before = SplitWithHoldout(tickets, {}, frozen);
  ASSERT_TRUE(before.ok());
  Ticket correction = before->holdout.front();
  correction.label = before->training.front().label;
  const TextKey key = KeyOfText(NormalizedText(correction.Text()));
  EXPECT_GE(MergeFeedback({correction}, tickets).corrections, 1);
  const auto after = SplitWithHoldout(tickets, {}, frozen);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_FALSE(KeysOf(after->training).contains(key));
  EXPECT_FALSE(KeysOf(after->validation).contains(key));
  int judged = 0;
  for (const Ticket& ticket : after->holdout) {
    if (KeyOfText(NormalizedText(ticket.Text())) != key) continue;
    EXPECT_EQ(ticket.label, correction.label) << "by what the correction says";
    ++judged;
  }
  EXPECT_GE(judged, 1);
}

}  // namespace
}  // namespace guichet
