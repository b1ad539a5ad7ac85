#include "model/data/ticket_generator.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "base/sha256.h"
#include "model/data/dataset_reader.h"
#include "model/data/slot_filler.h"
#include "model/data/ticket_grammar.h"
#include "tests/support/shared_data.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

std::vector<Ticket> Make(std::uint64_t seed, size_t rows) {
  TicketGeneratorOptions options;
  options.seed = seed;
  TicketGenerator generator(options);
  std::vector<Ticket> tickets;
  while (tickets.size() < rows) tickets.push_back(generator.Next());
  return tickets;
}

std::string AllText(const std::vector<Ticket>& tickets) {
  std::string text;
  for (const Ticket& ticket : tickets) {
    text += ticket.id + "\t" + ticket.label + "\t" + ticket.subject + "\t" + ticket.body + "\n";
  }
  return text;
}

TEST(TicketGeneratorTest, ASeedGivesTheSameTicketsAndAnotherSeedOthers) {
  EXPECT_EQ(AllText(Make(3, 500)), AllText(Make(3, 500)));
  EXPECT_NE(AllText(Make(3, 10)), AllText(Make(4, 10)));
}

TEST(TicketGeneratorTest, AShortRunIsTheStartOfALongOne) {
  std::vector<Ticket> longer = Make(9, 300);
  longer.resize(100);
  EXPECT_EQ(AllText(longer), AllText(Make(9, 100)));
}

TEST(TicketGeneratorTest, EqualsTheCommittedSample) {
  const auto sample = std::filesystem::path(GUICHET_SOURCE_DIR) / "examples/tickets/sample.jsonl";
  const auto committed = ReadAllTickets(sample, {}, 1000);
  ASSERT_TRUE(committed.ok()) << committed.status();
  ASSERT_EQ(committed->size(), 300U);
  EXPECT_EQ(AllText(*committed), AllText(Make(1, 300)));
}

TEST(TicketGeneratorTest, MailNoiseIsAddedToTheSameTickets) {
  TicketGeneratorOptions options;
  options.seed = 1;
  options.html_share = 1;
  TicketGenerator mails(options);
  options.html_share = 0;
  options.underscore_share = 1;
  TicketGenerator files(options);
  for (const Ticket& plain : Make(1, 50)) {
    const Ticket mail = mails.Next();
    EXPECT_EQ(mail.subject, plain.subject);
    EXPECT_EQ(mail.body.starts_with("<html>"), !plain.body.empty());
    EXPECT_EQ(files.Next().subject.find(' '), std::string::npos);
  }
}

TEST(TicketGeneratorTest, IdsCountUp) {
  const auto tickets = Make(1, 3);
  EXPECT_EQ(tickets[0].id, "T000001");
  EXPECT_EQ(tickets[2].id, "T000003");
}

TEST(TicketGeneratorTest, TensOfThousandsAreDistinct) {
  constexpr size_t kRows = 30'000;
  std::set<std::string> texts;
  for (const Ticket& ticket : Make(2, kRows)) texts.insert(ticket.Text());
  EXPECT_GT(texts.size(), kRows * 97 / 100);
}

TEST(TicketGeneratorTest, LabelsFollowTheirSharesAndNoneIsRare) {
  constexpr size_t kRows = 20'000;
  std::map<std::string, int> counts;
  for (const Ticket& ticket : Make(5, kRows)) ++counts[ticket.label];
  ASSERT_EQ(TicketLabels().size(), 12U);
  ASSERT_EQ(counts.size(), 12U);
  double total = 0;
  for (const CategoryGrammar& category : TicketGrammar()) {
    total += category.share;
    const double share = counts[std::string(category.label)] / static_cast<double>(kRows);
    EXPECT_NEAR(share, category.share, 0.015) << category.label;
    EXPECT_GE(category.share, 0.04) << category.label;
  }
  EXPECT_NEAR(total, 1, 1e-12);
}

TEST(TicketGeneratorTest, EveryTicketHasTextAndNoOpenSlot) {
  for (const Ticket& ticket : Make(6, 5000)) {
    EXPECT_FALSE(ticket.Text().empty()) << ticket.id;
    EXPECT_EQ(ticket.Text().find_first_of("{}"), std::string::npos) << ticket.Text();
    EXPECT_LT(ticket.Text().size(), 3000U);
  }
}

TEST(TicketGeneratorTest, SharesOfZeroLeaveCleanTickets) {
  TicketGeneratorOptions options;
  options.vague_subject_share = options.other_subject_share = options.upper_case_share = 0;
  options.lower_case_share = options.no_accents_share = options.abbreviation_share = 0;
  options.typo_share = options.subject_only_share = options.body_only_share = 0;
  options.quote_share = 0;
  TicketGenerator generator(options);
  for (int i = 0; i < 500; ++i) {
    const Ticket ticket = generator.Next();
    EXPECT_FALSE(ticket.subject.empty());
    EXPECT_FALSE(ticket.body.empty());
    EXPECT_EQ(ticket.body.find("\n>"), std::string::npos) << ticket.body;
  }
}

TEST(TicketGeneratorTest, OptionsOutsideTheirRangeAreNamed) {
  EXPECT_TRUE(TicketGeneratorOptions{}.Validate().ok());
  TicketGeneratorOptions options;
  options.quote_share = 1.5;
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("quote_share"));
  options = {};
  options.typos_per_letter = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("typos_per_letter"));
}

// Every phrase of the grammar fills without an unknown slot.
TEST(TicketGrammarTest, EverySlotIsKnown) {
  Random random(1);
  SlotFiller filler(random);
  for (const char* bound : {"this", "other", "other_object"}) filler.Bind(bound, "le VPN");
  std::vector<Phrases> all;
  for (const CategoryGrammar& category : TicketGrammar()) {
    all.insert(all.end(), {category.subjects, category.problems, category.details, category.objects,
                           category.topics});
  }
  const SharedPhrases& common = CommonPhrases();
  all.insert(all.end(), {common.vague_subjects, common.vague_problems, common.greetings,
                         common.contexts, common.neutral_details, common.object_contrasts,
                         common.topic_contrasts, common.postscripts, common.closings,
                         common.signature_roles, common.quote_headers, common.quoted_replies});
  for (const Phrases phrases : all) {
    for (const std::string_view phrase : phrases) {
      for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(filler.Fill(phrase).find_first_of("{}"), std::string::npos) << phrase;
      }
    }
  }
}

TEST(SlotFillerTest, ContractsAndElidesAsFrenchDoes) {
  const auto joined = [](std::string text, std::string_view value) {
    AppendFrench(text, value);
    return text;
  };
  EXPECT_EQ(joined("la panne de ", "le VPN"), "la panne du VPN");
  EXPECT_EQ(joined("la panne de ", "les écrans"), "la panne des écrans");
  EXPECT_EQ(joined("la panne de ", "la souris"), "la panne de la souris");
  EXPECT_EQ(joined("la panne d'Outlook et de ", "Outlook"), "la panne d'Outlook et d'Outlook");
  EXPECT_EQ(joined("le poste de ", "Élodie"), "le poste d'Élodie");
  EXPECT_EQ(joined("jusqu'à ", "le 3 mars"), "jusqu'au 3 mars");
  EXPECT_EQ(joined("à ", "les"), "à les");
  EXPECT_EQ(joined("vous n'avez traité que ", "un devis"), "vous n'avez traité qu'un devis");
  EXPECT_EQ(joined("grande ", "le VPN"), "grande le VPN");
}

TEST(RandomTest, IsUniformAndRepeatable) {
  Random random(42);
  std::vector<int> counts(7);
  double sum = 0;
  for (int i = 0; i < 70'000; ++i) {
    ++counts[random.Below(7)];
    const double uniform = random.Uniform();
    ASSERT_GE(uniform, 0);
    ASSERT_LT(uniform, 1);
    sum += uniform;
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
  EXPECT_NEAR(sum / 70'000, 0.5, 0.01);
  EXPECT_EQ(Random(7).Next(), Random(7).Next());
  EXPECT_EQ(random.Below(0), 0U);
  EXPECT_EQ(random.Below(1), 0U);
  EXPECT_FALSE(random.Chance(0));
  EXPECT_TRUE(random.Chance(1));
}

TEST(RandomTest, ShuffleKeepsTheItems) {
  Random random(3);
  std::vector<int> items = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<int> shuffled = items;
  random.Shuffle(std::span<int>(shuffled));
  EXPECT_NE(shuffled, items);
  std::ranges::sort(shuffled);
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace guichet
