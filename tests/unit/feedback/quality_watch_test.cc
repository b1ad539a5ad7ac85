#include "server/feedback/quality_watch.h"

#include <cmath>

#include <gmock/gmock.h>

#include "tests/unit/feedback/feedback_fixture.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

class QualityWatchTest : public FeedbackFixture {
 protected:
  void Answer(std::size_t label, int times) {
    const VersionLease model = Loaded();
    for (int i = 0; i < times; ++i) model->metrics->CountPrediction(label, 0.9F, false);
  }
  double Value(const std::string& series) const {
    const std::string text = Metrics();
    const std::size_t at = text.find(series + " ");
    if (at == std::string::npos) throw std::runtime_error("no " + series + " in\n" + text);
    return std::stod(text.substr(at + series.size() + 1));
  }
  static constexpr const char* kDrift = "guichet_label_drift_psi{version=\"1\"}";
  static constexpr const char* kAccuracy = "guichet_feedback_accuracy_ratio{version=\"1\"}";
};

TEST_F(QualityWatchTest, DriftIsThatOfTheWindowAgainstTheTrainingRows) {
  QualityWatch watch({}, *database_, registry_, clock_);
  watch.Update();
  EXPECT_TRUE(std::isnan(Value(kDrift))) << "no answers yet";
  Answer(0, 500);
  Answer(1, 300);
  Answer(2, 200);
  clock_.Advance(std::chrono::minutes(10));
  watch.Update();
  EXPECT_NEAR(Value(kDrift), 0, 1e-9);
  clock_.Advance(std::chrono::minutes(60));
  watch.Update();
  Answer(2, 1000);
  clock_.Advance(std::chrono::minutes(10));
  watch.Update();
  EXPECT_GT(Value(kDrift), 0.25) << "all answers of the last hour are of one label";
}

TEST_F(QualityWatchTest, AccuracyIsThatOfTheLastWordsWithinTheWindow) {
  QualityWatch watch({.accuracy_window = std::chrono::hours(1)}, *database_, registry_, clock_);
  watch.Update();
  EXPECT_TRUE(std::isnan(Value(kAccuracy))) << "nobody said anything yet";
  FeedbackLog log = Log();
  const auto say = [&](const std::string& ticket, const std::string& label) {
    const auto record = log.Submit({.feedback_id = ticket + label,
                                    .ticket_id = ticket,
                                    .version = 1,
                                    .predicted = "Réseau",
                                    .label = label});
    ASSERT_TRUE(record.ok()) << record.status();
  };
  say("1", "Réseau");
  say("2", "Réseau");
  say("3", "Réseau");
  say("4", "Matériel");
  watch.Update();
  EXPECT_DOUBLE_EQ(Value(kAccuracy), 0.75);
  clock_.Advance(std::chrono::minutes(50));
  say("5", "Logiciel");
  clock_.Advance(std::chrono::minutes(20));
  watch.Update();
  EXPECT_DOUBLE_EQ(Value(kAccuracy), 0) << "the first four are older than an hour";
}

TEST_F(QualityWatchTest, TheThreadUpdatesAsTimePasses) {
  QualityWatch watch({}, *database_, registry_, clock_);
  watch.Start();
  FeedbackLog log = Log();
  ASSERT_TRUE(log.Submit({.feedback_id = "a",
                          .ticket_id = "1",
                          .version = 1,
                          .predicted = "Réseau",
                          .label = "Réseau"})
                  .ok());
  while (std::isnan(Value(kAccuracy))) {
    clock_.Advance(std::chrono::seconds(5));
    std::this_thread::yield();
  }
  EXPECT_DOUBLE_EQ(Value(kAccuracy), 1);
}

}  // namespace
}  // namespace guichet
