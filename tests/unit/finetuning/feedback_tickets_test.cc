#include "model/finetuning/feedback_tickets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;

Ticket Of(const std::string& body, const std::string& label, const std::string& id = "") {
  return {.id = id, .subject = {}, .body = body, .label = label};
}

std::vector<std::string> Labels(const std::vector<Ticket>& tickets) {
  std::vector<std::string> labels;
  for (const Ticket& ticket : tickets) labels.push_back(ticket.label);
  return labels;
}

TEST(MergeFeedbackTest, AddsNewTextsAndOverrulesTheDataSet) {
  std::vector<Ticket> tickets = {Of("Écran noir", "Logiciel"), Of("VPN coupé", "Réseau"),
                                 Of("ECRAN NOIR !", "Matériel"), Of("Word plante", "Logiciel")};
  const FeedbackMerge merge = MergeFeedback(
      {Of("écran noir", "Matériel"), Of("vpn coupé", "Réseau"), Of("plus de papier", "Imprimante")},
      tickets);
  EXPECT_EQ(merge.corrections, 3);
  EXPECT_EQ(merge.added, 1);
  EXPECT_EQ(merge.agreed, 1);
  EXPECT_EQ(merge.overruled, 1) << "one of the two rows said so already";
  EXPECT_THAT(Labels(tickets),
              ElementsAre("Matériel", "Réseau", "Matériel", "Logiciel", "Imprimante"));
}

TEST(MergeFeedbackTest, OfTwoCorrectionsOfOneTextTheLaterCounts) {
  std::vector<Ticket> tickets;
  const FeedbackMerge merge = MergeFeedback(
      {Of("écran noir", "Matériel", "1"), Of("Écran noir", "Logiciel", "2")}, tickets);
  EXPECT_EQ(merge.corrections, 1);
  EXPECT_EQ(merge.added, 1);
  EXPECT_THAT(Labels(tickets), ElementsAre("Logiciel"));
}

TEST(FeedbackTicketsTest, AreReadAsTheyWereWritten) {
  const TempFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ReadFeedbackTickets(folder.path()).status()));
  const std::string odd = "ligne\nsuite\t\"é\" {";
  ASSERT_TRUE(WriteFeedbackTickets(
                  {{.id = "7", .subject = "Objet", .body = odd, .label = "Réseau"}, Of("x", "y")},
                  folder.path())
                  .ok());
  const auto read = ReadFeedbackTickets(folder.path());
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].id, "7");
  EXPECT_EQ((*read)[0].Text(), "Objet\n" + odd);
  EXPECT_EQ((*read)[0].label, "Réseau");
  ASSERT_TRUE(WriteFeedbackTickets({}, folder.path()).ok());
  EXPECT_EQ(ReadFeedbackTickets(folder.path())->size(), 0U);
}

}  // namespace
}  // namespace guichet
