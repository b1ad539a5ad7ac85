// Feedback through real processes: corrections survive kills, teach, and show in the metrics.

#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/integration/server/operations_fixture.h"
#include "tests/support/http_get.h"

namespace guichet {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class FeedbackProcessTest : public OperationsTest {
 protected:
  v1::SubmitFeedbackRequest Of(const std::string& ticket, const std::string& label,
                               const std::string& body = "") const {
    v1::SubmitFeedbackRequest request;
    request.set_feedback_id("f-" + ticket);
    request.set_ticket_id(ticket);
    request.set_label(label);
    request.set_body(body);
    return request;
  }
  v1::Correction Submit(const v1::SubmitFeedbackRequest& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::Correction correction;
    const grpc::Status status = feedback_->Submit(&context, request, &correction);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return correction;
  }
  std::vector<v1::ReviewItem> Review() {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ListReviewQueueResponse response;
    const grpc::Status status = feedback_->ListReviewQueue(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.items().begin(), response.items().end()};
  }
  v1::ListAuditEntriesResponse Audit() {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ListAuditEntriesRequest request;
    request.set_verify(true);
    v1::ListAuditEntriesResponse response;
    const grpc::Status status = models_->ListAuditEntries(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ClassifyResponse Classify(const std::vector<std::string>& bodies, std::int64_t version = 0) {
    v1::ClassifyRequest request;
    request.mutable_options()->set_version(version);
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      v1::Ticket* ticket = request.add_tickets();
      ticket->set_id("q" + std::to_string(i));
      ticket->set_body(bodies[i]);
    }
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ClassifyResponse response;
    const grpc::Status status = classification_->Classify(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // The value of a series as soon as `wanted` holds of it.
  template <typename Condition>
  double AwaitMetric(const std::string& series, const Condition& wanted) {
    while (true) {
      const std::string text = HttpGet(server_->http_port(), "/metrics").body;
      const std::size_t at = text.find(series + " ");
      if (at == std::string::npos) throw std::runtime_error("no series " + series);
      const double value = std::stod(text.substr(at + series.size() + 1));
      if (wanted(value)) return value;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
};

TEST_F(FeedbackProcessTest, AnAnsweredCorrectionSurvivesAKill) {
  StartServer();
  const v1::SubmitFeedbackRequest said = Of("42", "Café", "la machine à café fuit");
  const v1::Correction before = Submit(said);
  EXPECT_EQ(before.outcome(), v1::NEW_LABEL);
  server_->Signal(SIGKILL);
  server_->Wait();
  StartServer();
  const v1::Correction after = Submit(said);  // the same feedback_id finds the row
  EXPECT_EQ(after.number(), before.number());
  EXPECT_EQ(after.create_time().seconds(), before.create_time().seconds());
  EXPECT_EQ(after.create_time().nanos(), before.create_time().nanos());
  EXPECT_TRUE(after.can_train());
  const v1::ListAuditEntriesResponse audit = Audit();
  EXPECT_TRUE(audit.intact()) << audit.damage();
  ASSERT_GT(audit.entries_size(), 0);
  EXPECT_EQ(audit.entries(0).action(), "feedback");
  EXPECT_EQ(audit.entries(0).subject(), "ticket 42");
  EXPECT_THAT(audit.entries(0).actor(), HasSubstr("127.0.0.1"));
}

TEST_F(FeedbackProcessTest, AJobThatIncludesFeedbackLearnsANewLabel) {
  StartServer();
  const std::vector<std::string> places = {"du hall",         "de l'accueil",  "du deuxième étage",
                                           "de la cafétéria", "du bâtiment B", "de la salle 12"};
  const std::vector<std::string> faults = {
      "fuit",          "ne chauffe plus",    "avale les pièces",
      "reste éteinte", "fait un café froid", "demande un détartrage"};
  int number = 0;
  for (const std::string& place : places) {
    for (const std::string& fault : faults) {
      Submit(Of("c" + std::to_string(++number), "Machine à café",
                "La machine à café expresso " + place + " " + fault));
    }
  }
  // The first row of the data set, filed otherwise.
  std::ifstream file(Tickets());
  std::string line;
  std::getline(file, line);
  const auto row = nlohmann::json::parse(line);
  v1::SubmitFeedbackRequest overruling = Of("first", "Machine à café");
  overruling.set_subject(row.at("subject"));
  overruling.set_body(row.at("body"));
  Submit(overruling);

  v1::TrainRequest request = RequestOf("with-feedback");
  request.set_include_feedback(true);
  v1::Job job;
  const grpc::Status accepted = Train(request, &job);
  ASSERT_TRUE(accepted.ok()) << accepted.error_message();
  const v1::Job ended = Await(job.id());
  ASSERT_EQ(ended.state(), v1::SUCCEEDED) << ended.error().message();
  const auto feedback = nlohmann::json::parse(ended.summary_json()).at("feedback");
  EXPECT_EQ(feedback.at("corrections"), number + 1);
  EXPECT_EQ(feedback.at("added"), number);
  EXPECT_GE(feedback.at("overruled"), 1);
  ASSERT_TRUE(Promote(ended.version(), 0, /*force=*/true).ok());
  const v1::ListVersionsResponse versions = Versions();
  EXPECT_THAT(versions.versions(versions.versions_size() - 1).labels(), Contains("Machine à café"));
  const v1::ClassifyResponse answer = Classify(
      {"La machine à café expresso du parking fuit", "La machine à café expresso ne chauffe plus"});
  for (const v1::TicketResult& result : answer.results()) {
    EXPECT_EQ(result.scores(0).label(), "Machine à café");
  }

  // The bundle tells what it was trained on, so its answers' drift is known: here it is large.
  Classify(std::vector<std::string>(400, "La machine à café expresso du parking fuit"));
  const std::string drift =
      "guichet_label_drift_psi{version=\"" + std::to_string(ended.version()) + "\"}";
  EXPECT_GT(AwaitMetric(drift, [](double psi) { return psi > 0; }), 0.25);
}

TEST_F(FeedbackProcessTest, UncertainAnswersAreQueuedForReviewUntilCorrected) {
  StartServer({"--feedback.keep_texts", "true"});
  // An untrained model is sure of nothing.
  const v1::ClassifyResponse answer = Classify({"Mon VPN se coupe", "Plus de papier"});
  std::vector<v1::ReviewItem> queue;
  while ((queue = Review()).size() < 2) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_EQ(queue.size(), 2U);
  EXPECT_GE(queue[0].priority(), queue[1].priority());
  const int index = queue[0].ticket_id() == "q0" ? 0 : 1;
  const v1::TicketResult& result = answer.results(index);
  EXPECT_EQ(queue[0].predicted(), result.scores(0).label());
  EXPECT_EQ(queue[0].runner_up(), result.scores(1).label());
  EXPECT_NEAR(
      queue[0].margin(),
      static_cast<double>(result.scores(0).score()) - static_cast<double>(result.scores(1).score()),
      1e-5);
  const v1::Correction correction = Submit(Of(queue[0].ticket_id(), result.scores(0).label()));
  EXPECT_EQ(correction.outcome(), v1::CONFIRMED) << "the queue knows what was answered";
  EXPECT_TRUE(correction.can_train()) << "and the text";
  const std::vector<v1::ReviewItem> rest = Review();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].ticket_id(), queue[1].ticket_id());
  EXPECT_EQ(AwaitMetric("guichet_feedback_accuracy_ratio{version=\"1\"}",
                        [](double ratio) { return ratio == ratio; }),
            1.0);
  EXPECT_THAT(HttpGet(server_->http_port(), "/metrics").body,
              HasSubstr("guichet_feedback_total{outcome=\"confirmed\",version=\"1\"} 1"));
}

TEST_F(FeedbackProcessTest, WhatIsOutOfBoundsIsRefusedByName) {
  StartServer();
  const auto refusal = [&](const v1::SubmitFeedbackRequest& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::Correction ignored;
    const grpc::Status status = feedback_->Submit(&context, request, &ignored);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return status.error_message();
  };
  EXPECT_THAT(refusal(Of("", "x")), HasSubstr("ticket_id"));
  EXPECT_THAT(refusal(Of(std::string(257, 't'), "x")), HasSubstr("limits.ticket_id_bytes"));
  EXPECT_THAT(refusal(Of("1", "")), HasSubstr("label"));
  EXPECT_THAT(refusal(Of("1", std::string(201, 'l'))), HasSubstr("1 to 200"));
  EXPECT_THAT(refusal(Of("1", "x ")), HasSubstr("spaces"));
  EXPECT_THAT(refusal(Of("1", "x\n")), HasSubstr("control"));
  EXPECT_THAT(refusal(Of("1", "x", " \n")), HasSubstr("no text"));
  EXPECT_THAT(refusal(Of("1", "x", std::string(100'001, 'b'))),
              HasSubstr("limits.characters_per_text"));
  v1::SubmitFeedbackRequest id = Of("1", "x");
  id.set_feedback_id("two words");
  EXPECT_THAT(refusal(id), HasSubstr("feedback_id"));
  v1::SubmitFeedbackRequest version = Of("1", "x");
  version.set_version(-1);
  EXPECT_THAT(refusal(version), HasSubstr("version"));
  grpc::ClientContext context;
  SetDeadline(context);
  v1::ListReviewQueueRequest page;
  page.set_page_token("7");
  v1::ListReviewQueueResponse ignored;
  EXPECT_THAT(feedback_->ListReviewQueue(&context, page, &ignored).error_message(),
              HasSubstr("page_token"));
}

}  // namespace
}  // namespace guichet
