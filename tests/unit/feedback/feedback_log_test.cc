#include "server/feedback/feedback_log.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>

#include "server/store/audit_log.h"
#include "tests/unit/feedback/feedback_fixture.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FeedbackLogTest : public FeedbackFixture {
 protected:
  static NewFeedback Of(const std::string& ticket, const std::string& label) {
    return {.feedback_id = "f-" + ticket + label,
            .request_sha256 = ticket + label,
            .ticket_id = ticket,
            .version = 0,
            .predicted = {},
            .label = label,
            .subject = {},
            .body = {},
            .actor = "ipv4:10.0.0.7"};
  }
  void Predict(const std::string& ticket, int best, int second, double p,
               const FeedbackOptions& options = {}) {
    PredictionRecorder recorder(options, *database_, feedback_metrics_, clock_);
    Offer(recorder, ticket, best, second, p, "texte de " + ticket);
  }
  std::vector<std::string> Queue(FeedbackLog& log, std::size_t page_size = 200) {
    std::vector<std::string> tickets;
    std::optional<ReviewPlace> place;
    while (true) {
      const auto page = log.Review(place, page_size);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const ReviewEntry& entry : page->entries) tickets.push_back(entry.prediction.ticket_id);
      if (!page->next.has_value()) return tickets;
      place = page->next;
    }
  }
};

TEST_F(FeedbackLogTest, TellsConfirmationsCorrectionsAndNewLabelsApart) {
  FeedbackLog log = Log();
  NewFeedback right = Of("1", "Réseau");
  right.predicted = "Réseau";
  NewFeedback wrong = Of("2", "Matériel");
  wrong.predicted = "Réseau";
  EXPECT_EQ(log.Submit(right)->outcome, "confirmed");
  EXPECT_EQ(log.Submit(wrong)->outcome, "corrected");
  EXPECT_EQ(log.Submit(Of("3", "Imprimante"))->outcome, "new_label");
  EXPECT_EQ(log.Submit(Of("4", "Réseau"))->outcome, "corrected") << "its prediction is unknown";
  const std::string metrics = Metrics();
  for (const char* series : {R"(guichet_feedback_total{outcome="confirmed",version="1"} 1)",
                             R"(guichet_feedback_total{outcome="corrected",version="1"} 2)",
                             R"(guichet_feedback_total{outcome="new_label",version="1"} 1)"}) {
    EXPECT_THAT(metrics, HasSubstr(series));
  }
}

TEST_F(FeedbackLogTest, KnowsVersionPredictionAndTextFromTheReviewQueue) {
  const FeedbackOptions options{.keep_texts = true};
  Predict("7", 1, 2, 0.6, options);
  FeedbackLog log = Log(options);
  const auto record = log.Submit(Of("7", "Matériel"));
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->version, 1);
  EXPECT_EQ(record->predicted, "Matériel");
  EXPECT_EQ(record->outcome, "confirmed");
  EXPECT_EQ(record->body, "texte de 7");
}

TEST_F(FeedbackLogTest, ARepetitionIsOneAndAClashIsRefused) {
  FeedbackLog log = Log();
  const auto first = log.Submit(Of("1", "Matériel"));
  ASSERT_TRUE(first.ok());
  const auto again = log.Submit(Of("1", "Matériel"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->number, first->number);
  EXPECT_THAT(Metrics(), HasSubstr(R"(guichet_feedback_total{outcome="corrected",version="1"} 1)"));
  NewFeedback other = Of("1", "Matériel");
  other.label = "Logiciel";
  other.request_sha256 = "other";
  EXPECT_TRUE(absl::IsAlreadyExists(log.Submit(other).status()));
}

TEST_F(FeedbackLogTest, RefusesWhatCannotBeMeant) {
  FeedbackLog log = Log();
  const auto spelled = log.Submit(Of("1", "reseau"));
  EXPECT_TRUE(absl::IsInvalidArgument(spelled.status()));
  EXPECT_THAT(std::string(spelled.status().message()), HasSubstr("\"Réseau\""));
  NewFeedback unknown = Of("1", "Réseau");
  unknown.predicted = "Cuisine";
  EXPECT_TRUE(absl::IsInvalidArgument(log.Submit(unknown).status()));
  NewFeedback version = Of("1", "Réseau");
  version.version = 9;
  EXPECT_TRUE(absl::IsNotFound(log.Submit(version).status()));
}

TEST_F(FeedbackLogTest, WhoSaidWhatIsInTheAudit) {
  FeedbackLog log = Log();
  ASSERT_TRUE(log.Submit(Of("42", "Imprimante")).ok());
  std::vector<AuditRow> rows;
  const absl::Status read = database_->Transact([&](SqlTransaction& t) -> absl::Status {
    GUICHET_RETURN_IF_ERROR(VerifyAudit(t));
    GUICHET_ASSIGN_OR_RETURN(rows, ListAudit(t, INT64_MAX, 1));
    return absl::OkStatus();
  });
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(rows.at(0).entry.actor, "ipv4:10.0.0.7");
  EXPECT_EQ(rows.at(0).entry.action, "feedback");
  EXPECT_EQ(rows.at(0).entry.subject, "ticket 42");
  EXPECT_EQ(rows.at(0).entry.details, "new_label: Imprimante (version 1)");
}

TEST_F(FeedbackLogTest, RowsAreBoundedAndSupersededOnesMakeRoom) {
  FeedbackLog log = Log({.max_corrections = 2});
  ASSERT_TRUE(log.Submit(Of("1", "Matériel")).ok());
  ASSERT_TRUE(log.Submit(Of("1", "Logiciel")).ok());
  ASSERT_TRUE(log.Submit(Of("2", "Logiciel")).ok()) << "the first row makes room";
  const auto full = log.Submit(Of("3", "Logiciel"));
  EXPECT_TRUE(absl::IsResourceExhausted(full.status())) << full.status();
  EXPECT_THAT(std::string(full.status().message()), HasSubstr("feedback.max_corrections"));
}

TEST_F(FeedbackLogTest, TheQueueIsRankedByMarginAndRarityOfTheTrainingRows) {
  Predict("sure", 0, 1, 0.7);       // margin 0.4, share 51/103
  Predict("unsure", 0, 1, 0.52);    // margin 0.04, the same share
  Predict("rare", 2, 1, 0.6);       // margin 0.2, share 21/103
  Predict("corrected", 2, 1, 0.5);  // would be the first
  FeedbackLog log = Log();
  ASSERT_TRUE(log.Submit(Of("corrected", "Réseau")).ok());
  EXPECT_THAT(Queue(log), ElementsAre("rare", "unsure", "sure"));
  EXPECT_THAT(Queue(log, 1), ElementsAre("rare", "unsure", "sure")) << "page by page";
  EXPECT_NEAR(log.Review(std::nullopt, 1)->entries.at(0).priority, 0.8 / std::sqrt(21.0 / 103.0),
              1e-5);
}

}  // namespace
}  // namespace guichet
