#include "model/evaluation/abstention.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "model/evaluation/statistics.h"
#include "tests/support/json_file.h"

namespace guichet {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-9;

struct Golden {
  json data;
  std::vector<JudgedAnswer> answers;
};

std::vector<Golden> Goldens() {
  std::vector<Golden> goldens;
  const auto path =
      std::filesystem::path(GUICHET_SOURCE_DIR) / "tests/data/goldens/abstention.json";
  for (const json& data : ReadJsonFile(path)) {
    Golden golden{data, {}};
    for (size_t i = 0; i < data["truth"].size(); ++i) {
      golden.answers.push_back({data["truth"][i], data["answer"][i], data["score"][i]});
    }
    goldens.push_back(std::move(golden));
  }
  return goldens;
}

// Rows of one label whose answers are right with the probability that `precision` gives their
// score.
std::vector<JudgedAnswer> Planted(int rows, std::uint64_t seed,
                                  const std::function<double(double)>& precision) {
  Random random(seed);
  std::vector<JudgedAnswer> answers;
  for (int i = 0; i < rows; ++i) {
    const double score = static_cast<float>(random.Uniform());
    answers.push_back(
        {.truth = random.Chance(precision(score)) ? 0 : 1, .answer = 0, .score = score});
  }
  return answers;
}

TEST(JudgeAnswersTest, ScoresAreTheSoftmaxAsInService) {
  const std::vector<double> logits = {2, 1, 0, 0, 3, 3};
  const std::vector<int> truth = {0, 2};
  const auto answers = JudgeAnswers({logits, 3}, truth, 2.0);
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_EQ((*answers)[0].answer, 0);
  EXPECT_TRUE((*answers)[0].right());
  EXPECT_EQ((*answers)[1].answer, 1);  // the first of equals
  EXPECT_FALSE((*answers)[1].right());
  const double total = 1 + std::exp(-0.5) + std::exp(-1.0);
  EXPECT_EQ((*answers)[0].score, static_cast<float>(1 / total));
  EXPECT_EQ(JudgeAnswers({logits, 3}, truth, 0.0).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(JudgeAnswers({logits, 3}, std::vector<int>{0}, 1.0).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(MeasureCoverageTest, EqualsScipy) {
  for (const Golden& golden : Goldens()) {
    const auto points = MeasureCoverage(golden.answers, 10'000);
    const json& expected = golden.data["points"];
    ASSERT_FALSE(points.empty());
    EXPECT_EQ(points.back().answered, static_cast<std::int64_t>(golden.answers.size()));
    size_t at = 0;
    for (const CoveragePoint& point : points) {
      while (at < expected.size() && expected[at]["answered"] < point.answered) ++at;
      ASSERT_LT(at, expected.size());
      EXPECT_EQ(point.answered, expected[at]["answered"]);
      EXPECT_EQ(point.right, expected[at]["right"]);
      EXPECT_NEAR(point.threshold, expected[at]["threshold"], kTolerance);
      EXPECT_NEAR(point.precision_low, expected[at]["precision_low"], kTolerance);
    }
    EXPECT_EQ(points.size(), expected.size()) << golden.data["name"];
  }
}

TEST(MeasureCoverageTest, FewPointsAreSpreadAndEndAtEveryRow) {
  const auto answers = Planted(1000, 1, [](double score) { return score; });
  const auto points = MeasureCoverage(answers, 20);
  ASSERT_EQ(points.size(), 20U);
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_NEAR(points[i].coverage, static_cast<double>(i + 1) / 20, 1e-9);
  }
  EXPECT_EQ(MeasureCoverage(answers, 1).size(), 1U);
  EXPECT_EQ(MeasureCoverage(answers, 1)[0].answered, 1000);
}

TEST(ChooseThresholdsTest, EqualsTryingEveryThresholdWithScipy) {
  int kept = 0;
  int abstaining = 0;
  for (const Golden& golden : Goldens()) {
    const int labels = golden.data["labels"];
    for (const json& expected : golden.data["thresholds"]) {
      const double promised = expected["promised"];
      const auto thresholds = ChooseThresholds(golden.answers, labels, promised);
      ASSERT_EQ(thresholds.size(), static_cast<size_t>(labels));
      for (size_t label = 0; label < thresholds.size(); ++label) {
        const json& own = expected["labels"][label];
        EXPECT_EQ(thresholds[label].kept, !own.is_null());
        if (own.is_null()) {
          EXPECT_EQ(thresholds[label].threshold, kAlwaysAbstain);
          EXPECT_EQ(thresholds[label].fitted.answered, 0);
          ++abstaining;
          continue;
        }
        ++kept;
        EXPECT_NEAR(thresholds[label].threshold, own["threshold"], kTolerance);
        EXPECT_EQ(thresholds[label].fitted.answered, own["answered"]);
        EXPECT_EQ(thresholds[label].fitted.right, own["right"]);
        EXPECT_NEAR(thresholds[label].precision_low, own["precision_low"], kTolerance);
      }
      const auto all = CoverageAtPrecision(golden.answers, promised);
      ASSERT_EQ(all.has_value(), !expected["all"].is_null());
      if (all) {
        EXPECT_EQ(all->answered, expected["all"]["answered"]);
      }
    }
  }
  EXPECT_GT(kept, 5);
  EXPECT_GT(abstaining, 5);
}

TEST(ChooseThresholdsTest, KeepsThePromiseOnRowsItNeverSaw) {
  constexpr double kPromised = 0.9;
  const auto rising = [](double score) { return 0.6 + 0.4 * score; };
  int broken = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto chosen = ChooseThresholds(Planted(2000, seed, rising), 2, kPromised);
    ASSERT_TRUE(chosen[0].kept);
    const std::vector<double> thresholds = {chosen[0].threshold, chosen[1].threshold};
    const auto counts = CountAnswers(Planted(20'000, 1000 + seed, rising), thresholds);
    EXPECT_GT(counts[0].answered, 2000);
    if (*counts[0].Precision() < kPromised) ++broken;
  }
  // Each is a bound that holds 95 times in 100, chosen as the best of many.
  EXPECT_LE(broken, 6);
}

TEST(ChooseThresholdsTest, ALabelThatCannotKeepItAlwaysAbstains) {
  // Right seven times in ten, whatever the score.
  const auto answers = Planted(3000, 5, [](double) { return 0.7; });
  const auto chosen = ChooseThresholds(answers, 2, 0.9);
  EXPECT_FALSE(chosen[0].kept);
  EXPECT_FALSE(chosen[1].kept);  // never answered at all
  EXPECT_EQ(chosen[0].threshold, kAlwaysAbstain);
  const std::vector<double> thresholds = {chosen[0].threshold, chosen[1].threshold};
  const AnswerCounts total = Total(CountAnswers(answers, thresholds));
  EXPECT_EQ(total.rows, 3000);
  EXPECT_EQ(total.answered, 0);
  EXPECT_FALSE(total.Precision().has_value());
}

TEST(ChooseThresholdsTest, CertaintyIsStillAnswered) {
  // 40 answers with a score that float rounds to 1: enough for 90 %, 20 are not.
  const std::vector<JudgedAnswer> certain(40, {.truth = 0, .answer = 0, .score = 1.0});
  const auto chosen = ChooseThresholds(certain, 1, 0.9);
  ASSERT_TRUE(chosen[0].kept);
  EXPECT_LT(chosen[0].threshold, kAlwaysAbstain);
  EXPECT_EQ(CountAnswers(certain, std::vector<double>{chosen[0].threshold})[0].answered, 40);
  EXPECT_FALSE(ChooseThresholds(std::span(certain).first(20), 1, 0.9)[0].kept);
}

TEST(BootstrapMacroF1Test, AgreesWithScikitLearnsResamples) {
  for (const Golden& golden : Goldens()) {
    const std::vector<int> truth = golden.data["truth"];
    const std::vector<int> answer = golden.data["answer"];
    const Interval interval = BootstrapMacroF1(golden.data["labels"], truth, answer);
    // Both are random: 2,000 resamples here, 10,000 there.
    const double width = golden.data["macro_f1"]["high"].get<double>() -
                         golden.data["macro_f1"]["low"].get<double>();
    EXPECT_NEAR(interval.low, golden.data["macro_f1"]["low"], 0.08 * width);
    EXPECT_NEAR(interval.high, golden.data["macro_f1"]["high"], 0.08 * width);
    const Interval again = BootstrapMacroF1(golden.data["labels"], truth, answer);
    EXPECT_EQ(again.low, interval.low);
    EXPECT_EQ(again.high, interval.high);
  }
}

}  // namespace
}  // namespace guichet
