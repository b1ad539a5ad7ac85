#include "server/feedback/prediction_recorder.h"

#include <cmath>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/feedback/feedback_fixture.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

class PredictionRecorderTest : public FeedbackFixture {
 protected:
  std::optional<PredictionRecord> Kept(const std::string& ticket) {
    std::optional<PredictionRecord> record;
    const absl::Status status =
        database_->Transact([&](SqlTransaction& transaction) -> absl::Status {
          GUICHET_ASSIGN_OR_RETURN(record, FindPrediction(transaction, "tickets", ticket));
          return absl::OkStatus();
        });
    EXPECT_TRUE(status.ok()) << status;
    return record;
  }
};

TEST_F(PredictionRecorderTest, KeepsWhatIsUncertainWithItsMargin) {
  PredictionRecorder recorder({}, *database_, feedback_metrics_, clock_);
  Offer(recorder, "unsure", 1, 2, 0.6);
  Offer(recorder, "sure", 1, 2, 0.8);
  Offer(recorder, "", 1, 2, 0.6);
  recorder.Flush();
  const auto kept = Kept("unsure");
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->version, 1);
  EXPECT_EQ(kept->predicted, "Matériel");
  EXPECT_EQ(kept->runner_up, "Logiciel");
  EXPECT_NEAR(kept->margin, 0.2, 1e-6);
  EXPECT_EQ(kept->body, "") << "texts are not kept unless asked for";
  EXPECT_FALSE(Kept("sure").has_value());
  EXPECT_THAT(Metrics(), HasSubstr("guichet_review_predictions_total{result=\"kept\"} 1"));
}

TEST_F(PredictionRecorderTest, KeepsTextsWhereAskedFor) {
  PredictionRecorder recorder({.keep_texts = true}, *database_, feedback_metrics_, clock_);
  Offer(recorder, "1", 0, 1, 0.6, "le vpn est lent");
  recorder.Flush();
  EXPECT_EQ(Kept("1").value().body, "le vpn est lent");
}

TEST_F(PredictionRecorderTest, WhatDoesNotFitIsCountedAndDropped) {
  PredictionRecorder recorder({}, *database_, feedback_metrics_, clock_);
  for (std::size_t i = 0; i < PredictionRecorder::kMaxWaiting + 3; ++i) {
    Offer(recorder, std::to_string(i), 0, 1, 0.6);
  }
  recorder.Flush();
  EXPECT_TRUE(Kept(std::to_string(PredictionRecorder::kMaxWaiting - 1)).has_value());
  EXPECT_FALSE(Kept(std::to_string(PredictionRecorder::kMaxWaiting)).has_value());
  EXPECT_THAT(Metrics(), HasSubstr("guichet_review_predictions_total{result=\"dropped\"} 3"));
  Offer(recorder, "later", 0, 1, 0.6);
  recorder.Flush();
  EXPECT_TRUE(Kept("later").has_value());
}

TEST_F(PredictionRecorderTest, LongTextsAreBoundedInBytes) {
  PredictionRecorder recorder({.keep_texts = true}, *database_, feedback_metrics_, clock_);
  const std::string body(PredictionRecorder::kMaxWaitingBytes * 3 / 4, 'x');
  Offer(recorder, "1", 0, 1, 0.6, body);
  Offer(recorder, "2", 0, 1, 0.6, body);
  recorder.Flush();
  EXPECT_TRUE(Kept("1").has_value());
  EXPECT_FALSE(Kept("2").has_value());
}

TEST_F(PredictionRecorderTest, KeepsTheNewestUpToTheLimit) {
  PredictionRecorder recorder({.max_predictions = 2}, *database_, feedback_metrics_, clock_);
  for (const char* ticket : {"1", "2", "3"}) Offer(recorder, ticket, 0, 1, 0.6);
  recorder.Flush();
  EXPECT_FALSE(Kept("1").has_value());
  EXPECT_TRUE(Kept("2").has_value());
  EXPECT_TRUE(Kept("3").has_value());
}

TEST_F(PredictionRecorderTest, ManyThreadsOfferWhileItWritesAndTheEndLosesNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  {
    PredictionRecorder recorder({}, *database_, feedback_metrics_, clock_);
    recorder.Start();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          Offer(recorder, std::to_string(t * kEach + i), 0, 1, 0.6);
        }
      });
    }
    clock_.Advance(std::chrono::seconds(1));
    for (std::thread& thread : threads) thread.join();
  }
  for (int i = 0; i < kThreads * kEach; ++i) {
    EXPECT_TRUE(Kept(std::to_string(i)).has_value()) << i;
  }
}

}  // namespace
}  // namespace guichet
