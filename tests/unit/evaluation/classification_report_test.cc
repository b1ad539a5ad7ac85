#include "model/evaluation/classification_report.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "model/evaluation/calibration.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr double kTolerance = 1e-9;

// One data set of the scikit-learn goldens.
struct GoldenSet {
  json expected;
  std::vector<std::string> labels;
  std::vector<int> truth;
  std::vector<double> values;
  LogitTable logits;

  explicit GoldenSet(const json& set) : expected(set), truth(set["y_true"]) {
    for (int k = 0; k < set["labels"].get<int>(); ++k)
      labels.emplace_back(1, static_cast<char>('A' + k));
    for (const json& row : set["logits"]) {
      for (const json& logit : row) values.push_back(logit.get<double>());
    }
    logits = {values, static_cast<int>(labels.size())};
  }
};

json GoldenSets() {
  return ReadJsonFile(UnpackTestArchive("goldens/metrics.tar.xz") / "classification.json");
}

void ExpectScores(const PrecisionRecall& scores, const json& expected) {
  EXPECT_NEAR(scores.precision, expected["precision"], kTolerance);
  EXPECT_NEAR(scores.recall, expected["recall"], kTolerance);
  EXPECT_NEAR(scores.f1, expected["f1"], kTolerance);
}

void ExpectDecisions(const ClassificationReport& report, const json& expected) {
  EXPECT_EQ(json(report.confusion), expected["confusion"]);
  EXPECT_NEAR(report.accuracy, expected["accuracy"], kTolerance);
  EXPECT_NEAR(report.balanced_accuracy, expected["balanced_accuracy"], kTolerance);
  EXPECT_NEAR(report.mcc, expected["mcc"], kTolerance);
  EXPECT_EQ(report.kappa.has_value(), !expected["kappa"].is_null());
  if (report.kappa) {
    EXPECT_NEAR(*report.kappa, expected["kappa"], kTolerance);
  }
  ExpectScores(report.macro, expected["macro"]);
  ExpectScores(report.micro, expected["micro"]);
  ExpectScores(report.weighted, expected["weighted"]);
  const json& present = expected["macro_present_labels_only"];
  EXPECT_EQ(json(report.present_labels), present["labels"]);
  EXPECT_NEAR(report.macro_f1_present, present["f1"], kTolerance);
  for (size_t i = 0; i < report.labels.size(); ++i) {
    const json& per_label = expected["per_label"];
    ExpectScores(report.per_label[i].scores, {{"precision", per_label["precision"][i]},
                                              {"recall", per_label["recall"][i]},
                                              {"f1", per_label["f1"][i]}});
    EXPECT_EQ(report.per_label[i].support, per_label["support"][i]);
  }
}

void ExpectProbabilities(const ProbabilityScores& scores, const json& expected) {
  EXPECT_EQ(scores.top_k.size(), expected["top_k"].size());
  for (const auto& [k, share] : scores.top_k) {
    EXPECT_NEAR(share, expected["top_k"][std::to_string(k)], kTolerance);
  }
  EXPECT_NEAR(scores.nll, expected["nll"], kTolerance);
  EXPECT_NEAR(scores.brier, expected["brier"], kTolerance);
  EXPECT_NEAR(scores.expected_calibration_error, expected["ece"], kTolerance);
  EXPECT_NEAR(scores.maximum_calibration_error, expected["mce"], kTolerance);
  ASSERT_EQ(scores.reliability.size(), expected["reliability"].size());
  for (size_t i = 0; i < scores.reliability.size(); ++i) {
    const json& bin = expected["reliability"][i];
    EXPECT_EQ(scores.reliability[i].rows, bin["n"]);
    EXPECT_NEAR(scores.reliability[i].confidence, bin["confidence"], kTolerance);
    EXPECT_NEAR(scores.reliability[i].accuracy, bin["accuracy"], kTolerance);
    EXPECT_NEAR(scores.reliability[i].low, bin["low"], kTolerance);
    EXPECT_NEAR(scores.reliability[i].high, bin["high"], kTolerance);
  }
}

TEST(ClassificationReportTest, EqualsScikitLearnOnEveryGoldenSet) {
  const json sets = GoldenSets();
  ASSERT_EQ(sets.size(), 11U);
  for (const json& set : sets) {
    SCOPED_TRACE(set["name"].get<std::string>());
    const GoldenSet golden(set);
    const auto report = ReportLogits(golden.labels, golden.truth, golden.logits);
    ASSERT_TRUE(report.ok()) << report.status();
    ExpectDecisions(*report, set);
    ASSERT_TRUE(report->probabilities.has_value());
    ExpectProbabilities(*report->probabilities, set);
  }
}

TEST(ClassificationReportTest, HardPredictionsGiveTheSameDecisionsWithoutProbabilities) {
  for (const json& set : GoldenSets()) {
    SCOPED_TRACE(set["name"].get<std::string>());
    const GoldenSet golden(set);
    const auto report =
        ReportPredictions(golden.labels, golden.truth, set["y_pred"].get<std::vector<int>>());
    ASSERT_TRUE(report.ok()) << report.status();
    ExpectDecisions(*report, set);
    EXPECT_FALSE(report->probabilities.has_value());
  }
}

TEST(ClassificationReportTest, FittedTemperatureAndTheFiguresAtIt) {
  for (const json& set : GoldenSets()) {
    SCOPED_TRACE(set["name"].get<std::string>());
    const GoldenSet golden(set);
    const json& expected = set["temperature"];
    const auto temperature = FitTemperature(golden.logits, golden.truth);
    ASSERT_TRUE(temperature.ok()) << temperature.status();
    const double best = expected["T"];
    EXPECT_NEAR(*temperature / best, 1, 1e-6);
    ReportOptions options;
    options.temperature = *temperature;
    const auto report = ReportLogits(golden.labels, golden.truth, golden.logits, options);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_NEAR(report->probabilities->nll, expected["nll"], kTolerance);
    EXPECT_NEAR(report->probabilities->brier, expected["brier"], 1e-7);
    EXPECT_NEAR(report->probabilities->expected_calibration_error, expected["ece"], 1e-7);
  }
}

TEST(ClassificationReportTest, JsonHoldsTheGoldenKeysAndLabelNames) {
  const json set = GoldenSets()[0];
  const GoldenSet golden(set);
  const auto report = ReportLogits(golden.labels, golden.truth, golden.logits);
  ASSERT_TRUE(report.ok()) << report.status();
  const json written = json::parse(ToJson(*report));
  for (const char* key :
       {"accuracy", "balanced_accuracy", "mcc", "kappa", "nll", "brier", "ece", "mce"}) {
    EXPECT_NEAR(written[key].get<double>(), set[key].get<double>(), kTolerance) << key;
  }
  for (const char* key : {"macro", "micro", "weighted"}) {
    EXPECT_NEAR(written[key]["f1"].get<double>(), set[key]["f1"].get<double>(), kTolerance) << key;
  }
  EXPECT_EQ(written["confusion"], set["confusion"]);
  EXPECT_EQ(written["rows"], 400);
  EXPECT_EQ(written["per_label"][2]["label"], "C");
  EXPECT_EQ(written["per_label"][2]["support"], set["per_label"]["support"][2]);
  EXPECT_EQ(written["reliability"].size(), set["reliability"].size());
  EXPECT_EQ(ToJson(*report, false).find('\n'), std::string::npos);
}

TEST(ClassificationReportTest, UndefinedKappaIsNull) {
  const auto report = ReportPredictions({"a", "b"}, std::vector<int>{0, 0}, std::vector<int>{0, 0});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->kappa.has_value());
  EXPECT_TRUE(json::parse(ToJson(*report))["kappa"].is_null());
  EXPECT_EQ(report->mcc, 0);
}

TEST(ClassificationReportTest, RefusesWhatDoesNotFit) {
  const std::vector<std::string> labels = {"a", "b"};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> good = {1, 2, 3, 4};
  const std::vector<double> bad = {1, 2, nan, 4};
  const std::vector<int> truth = {0, 1};
  const auto message = [&](const std::vector<double>& values, const std::vector<int>& y,
                           int width) {
    return std::string(ReportLogits(labels, y, {values, width}).status().message());
  };
  EXPECT_EQ(message(good, truth, 2), "");
  EXPECT_THAT(message(bad, truth, 2), HasSubstr("row 1"));
  EXPECT_THAT(message(good, {0}, 2), HasSubstr("1 true labels for 2 rows"));
  EXPECT_THAT(message(good, {0, 2}, 2), HasSubstr("not in [0, 2)"));
  EXPECT_THAT(message(good, {0, 1}, 3), HasSubstr("do not make up rows"));
  EXPECT_THAT(message({}, {}, 2), HasSubstr("at least two labels and one row"));
  ReportOptions options;
  options.temperature = 0;
  EXPECT_FALSE(ReportLogits(labels, truth, {good, 2}, options).ok());
  EXPECT_FALSE(ReportPredictions(labels, truth, std::vector<int>{0, 7}).ok());
}

TEST(ClassificationReportTest, CalibrationGroupsCoverEveryRowOnceAndDifferByOneRowAtMost) {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    const size_t rows = 1 + random.Below(60);
    const int bins = static_cast<int>(1 + random.Below(20));
    std::vector<double> confidences(rows);
    std::vector<bool> correct(rows);
    for (size_t i = 0; i < rows; ++i) {
      confidences[i] = static_cast<double>(random.Below(11)) / 10;
      correct[i] = random.Chance(confidences[i]);
    }
    const CalibrationError error = MeasureCalibration(confidences, correct, bins);
    std::int64_t total = 0;
    for (size_t i = 0; i < error.bins.size(); ++i) {
      total += error.bins[i].rows;
      EXPECT_LE(error.bins[0].rows - error.bins[i].rows, 1);
      if (i > 0) {
        EXPECT_LE(error.bins[i - 1].high, error.bins[i].low);
      }
    }
    EXPECT_EQ(total, static_cast<std::int64_t>(rows));
    EXPECT_LE(error.expected, error.maximum + 1e-12);
  }
}

}  // namespace
}  // namespace guichet
