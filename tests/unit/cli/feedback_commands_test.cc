#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusal.h"
#include "tests/unit/cli/operator_fixture.h"

// `guichet feedback` and `guichet audit` as processes, against a gRPC server in this one.

namespace guichet {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class FeedbackCommandsTest : public OperatorCommandsTest {
 protected:
  v1::SubmitFeedbackRequest Sent() {
    const auto requests = server_.requests<v1::SubmitFeedbackRequest>();
    return requests.empty() ? v1::SubmitFeedbackRequest() : requests.back();
  }
  void FillReview(int items) {
    for (int i = 0; i < items; ++i) {
      v1::ReviewItem item;
      item.set_ticket_id("t" + std::to_string(i));
      item.set_priority(2.5);
      server_.answers.review.push_back(item);
    }
  }
  void FillAudit(int rows) {
    for (int i = rows; i > 0; --i) {
      v1::AuditEntry entry;
      entry.set_number(i);
      entry.set_action("feedback");
      entry.set_sha256("abc" + std::to_string(i));
      server_.answers.audit.push_back(entry);
    }
  }
};

TEST_F(FeedbackCommandsTest, WrongUsageIsTwo) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"feedback"},
           {"feedback", "--ticket", "1"},
           {"feedback", "--label", "x"},
           {"feedback", "--ticket", "1", "--label", "x", "--version", "0"},
           {"feedback", "--ticket", "1", "--label", "x", "--body", "b", "--text", "-"},
           {"feedback", "--ticket", "1", "--label", "x", "--feedback-id", "a b"},
           {"feedback", "review", "--limit", "-1"},
           {"audit", "--limit", "x"}}) {
    const ProgramRun run = Guichet(words);
    EXPECT_EQ(run.exit_code, 2) << testing::PrintToString(words);
    EXPECT_THAT(run.out, IsEmpty());
  }
}

TEST_F(FeedbackCommandsTest, ACorrectionIsSentAndTold) {
  server_.answers.correction.set_ticket_id("42");
  server_.answers.correction.set_label("Réseau");
  server_.answers.correction.set_outcome(v1::CORRECTED);
  const ProgramRun run =
      Ask({"feedback", "--ticket", "42", "--label", "Réseau", "--predicted", "Matériel",
           "--version", "3", "--subject", "VPN", "--body", "Le VPN se coupe"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out,
            "{\"ticket_id\":\"42\",\"label\":\"Réseau\",\"outcome\":\"CORRECTED\","
            "\"can_train\":false}\n");
  EXPECT_EQ(Sent().ticket_id(), "42");
  EXPECT_EQ(Sent().label(), "Réseau");
  EXPECT_EQ(Sent().predicted(), "Matériel");
  EXPECT_EQ(Sent().version(), 3);
  EXPECT_EQ(Sent().subject(), "VPN");
  EXPECT_EQ(Sent().body(), "Le VPN se coupe");
  EXPECT_THAT(Sent().feedback_id(), SizeIs(36)) << "made here, so that a retry counts once";
}

TEST_F(FeedbackCommandsTest, ATextComesFromStdinOrAFile) {
  const ProgramRun piped = Guichet(
      Words({"feedback", "--ticket", "1", "--label", "x", "--text", "-"}), "ligne\nsuite\n");
  EXPECT_EQ(piped.exit_code, 0) << piped.err;
  EXPECT_EQ(Sent().body(), "ligne\nsuite");
  const std::string file = (folder_.path() / "body.txt").string();
  std::ofstream(file) << "du fichier\n";
  EXPECT_EQ(Ask({"feedback", "--ticket", "1", "--label", "x", "--text", file}).exit_code, 0);
  EXPECT_EQ(Sent().body(), "du fichier");
  EXPECT_EQ(Ask({"feedback", "--ticket", "1", "--label", "x", "--text", file + ".no"}).exit_code,
            1);
  EXPECT_EQ(Ask({"feedback", "--ticket", "1", "--label", "\xff"}).exit_code, 1) << "not UTF-8";
}

TEST_F(FeedbackCommandsTest, ANewLabelIsPointedOut) {
  server_.answers.correction.set_outcome(v1::NEW_LABEL);
  const ProgramRun run = Ask({"feedback", "--ticket", "1", "--label", "Imprimante"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("\"Imprimante\" is a new label"));
  EXPECT_THAT(Ask({"feedback", "--ticket", "1", "--label", "x", "--quiet"}).err, IsEmpty());
}

TEST_F(FeedbackCommandsTest, ALostAnswerIsAskedForAgainWithTheSameId) {
  server_.ThenFail("Submit", grpc::Status(grpc::StatusCode::UNAVAILABLE, "restarting"));
  EXPECT_EQ(Ask({"feedback", "--ticket", "1", "--label", "x"}).exit_code, 0);
  const auto requests = server_.requests<v1::SubmitFeedbackRequest>();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].feedback_id(), requests[1].feedback_id());
}

TEST_F(FeedbackCommandsTest, RefusedIsFourAndUnreachableIsThree) {
  server_.ThenFail("Submit", Refusal(grpc::StatusCode::INVALID_ARGUMENT, "label: too long"));
  const ProgramRun refused = Ask({"feedback", "--ticket", "1", "--label", "x"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("label: too long"));
  server_.Stop();
  EXPECT_EQ(Ask({"feedback", "--ticket", "1", "--label", "x", "--timeout", "1"}).exit_code, 3);
  EXPECT_EQ(Ask({"feedback", "review", "--timeout", "1"}).exit_code, 3);
  EXPECT_EQ(Ask({"audit", "--timeout", "1"}).exit_code, 3);
}

TEST_F(FeedbackCommandsTest, ReviewIsALinePerTicketOverAllPages) {
  FillReview(450);
  const ProgramRun all = Ask({"feedback", "review", "--limit", "0"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  ASSERT_THAT(all.Lines(), SizeIs(450));
  EXPECT_EQ(ParseLines(all)[449]["ticket_id"], "t449");
  EXPECT_EQ(ParseLines(all)[0]["priority"], 2.5);
  EXPECT_THAT(Ask({"feedback", "review"}).Lines(), SizeIs(20));
  EXPECT_THAT(Ask({"feedback", "review", "--limit", "203"}).Lines(), SizeIs(203));
}

TEST_F(FeedbackCommandsTest, AuditListsAndVerifiesOnce) {
  FillAudit(250);
  server_.answers.audit_check.set_intact(true);
  const ProgramRun run = Ask({"audit", "--limit", "0", "--verify"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  ASSERT_THAT(run.Lines(), SizeIs(250));
  EXPECT_EQ(ParseLines(run)[0]["number"], 250);
  EXPECT_THAT(run.err, HasSubstr("the audit is whole: 250 rows, the last one's hash is abc250\n"));
  int verified = 0;
  for (const auto& request : server_.requests<v1::ListAuditEntriesRequest>()) {
    verified += request.verify() ? 1 : 0;
  }
  EXPECT_EQ(verified, 1);
  const ProgramRun plain = Ask({"audit", "--limit", "3"});
  EXPECT_THAT(plain.Lines(), SizeIs(3));
  EXPECT_THAT(plain.err, Not(HasSubstr("whole")));
}

TEST_F(FeedbackCommandsTest, ADamagedAuditIsOne) {
  FillAudit(2);
  server_.answers.audit_check.set_intact(false);
  server_.answers.audit_check.set_damage("audit row 2 is missing or not as it was written");
  const ProgramRun run = Ask({"audit", "--verify"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.Lines(), SizeIs(2));
  EXPECT_THAT(run.err, HasSubstr("the audit is damaged: audit row 2"));
}

TEST_F(FeedbackCommandsTest, AJobIncludesFeedbackWhenAsked) {
  server_.answers.job = JobIn(v1::QUEUED);
  EXPECT_EQ(Ask({"jobs", "submit", "--data", data_, "--include-feedback"}).exit_code, 0);
  EXPECT_EQ(Ask({"jobs", "submit", "--data", data_}).exit_code, 0);
  const auto requests = server_.requests<v1::TrainRequest>();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_TRUE(requests[0].include_feedback());
  EXPECT_FALSE(requests[1].include_feedback());
}

}  // namespace
}  // namespace guichet
