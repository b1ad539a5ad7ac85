#include "model/report/evaluation_report.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/report/sample_report.h"

namespace guichet {
namespace {

using nlohmann::json;

const std::vector<std::string> kLabels = {"Accès", "Matériel", "Réseau"};

TEST(JudgeTest, WorstMistakesAreTheSurestByIdAndAtMostTwenty) {
  const SampleRows sample = MakeSampleRows(3, 900, 4);
  const auto judged = Judge({.labels = kLabels,
                             .ids = sample.ids,
                             .truth = sample.truth,
                             .logits = {sample.logits, 3},
                             .temperature = 1});
  ASSERT_TRUE(judged.ok()) << judged.status();
  std::vector<double> wrong;
  for (const JudgedAnswer& answer : judged->answers) {
    if (!answer.right()) wrong.push_back(answer.score);
  }
  std::ranges::sort(wrong, std::ranges::greater());
  ASSERT_GT(wrong.size(), 20U);
  ASSERT_EQ(judged->worst_mistakes.size(), 20U);
  for (size_t i = 0; i < 20; ++i) {
    const Mistake& mistake = judged->worst_mistakes[i];
    EXPECT_EQ(mistake.score, wrong[i]);
    EXPECT_NE(mistake.label, mistake.answer);
    const auto row =
        static_cast<size_t>(std::ranges::find(sample.ids, mistake.id) - sample.ids.begin());
    ASSERT_LT(row, sample.ids.size());
    EXPECT_EQ(kLabels[static_cast<size_t>(sample.truth[row])], mistake.label);
  }
}

TEST(JudgeTest, IntervalsHoldTheirFigures) {
  const SampleRows sample = MakeSampleRows(3, 300, 4);
  const auto judged = Judge({.labels = kLabels,
                             .ids = sample.ids,
                             .truth = sample.truth,
                             .logits = {sample.logits, 3},
                             .temperature = 1});
  ASSERT_TRUE(judged.ok()) << judged.status();
  EXPECT_LT(judged->accuracy.low, judged->figures.accuracy);
  EXPECT_GT(judged->accuracy.high, judged->figures.accuracy);
  EXPECT_LT(judged->macro_f1.low, judged->figures.macro.f1);
  EXPECT_GT(judged->macro_f1.high, judged->figures.macro.f1);
  EXPECT_EQ(judged->coverage.back().precision, judged->figures.accuracy);
}

TEST(JudgeTest, WantsAnIdForEachRow) {
  const SampleRows sample = MakeSampleRows(3, 10, 4);
  const auto judged = Judge({.labels = kLabels,
                             .ids = std::span(sample.ids).first(9),
                             .truth = sample.truth,
                             .logits = {sample.logits, 3},
                             .temperature = 1});
  EXPECT_EQ(judged.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ReportJsonTest, HoldsEveryPart) {
  const EvaluationReport report = SampleReport(kLabels);
  const json parsed = json::parse(ToJson(report));
  EXPECT_EQ(parsed["judged_on"], "holdout");
  EXPECT_EQ(parsed["holdout"]["accuracy"], report.judgement.figures.accuracy);
  EXPECT_EQ(parsed["validation"]["labels"], json(kLabels));
  EXPECT_EQ(parsed["intervals"]["accuracy"]["low"], report.judgement.accuracy.low);
  EXPECT_EQ(parsed["coverage"].size(), report.judgement.coverage.size());
  EXPECT_EQ(parsed["coverage"].back()["coverage"], 1.0);
  EXPECT_EQ(parsed["dial"].size(), 4U);
  EXPECT_EQ(parsed["compared"]["live"]["accuracy"], report.compared[1].accuracy);
  EXPECT_EQ(parsed["gate"]["verdict"], NameOf(report.gate->verdict));
  EXPECT_EQ(parsed["history"].size(), 3U);
  EXPECT_EQ(parsed["history"][2]["best"], true);
  EXPECT_EQ(parsed["provenance"]["training rows"], "480");
  ASSERT_FALSE(parsed["worst_mistakes"].empty());
  EXPECT_TRUE(parsed["worst_mistakes"][0]["id"].get<std::string>().starts_with("INC-"));
}

TEST(ReportJsonTest, ThresholdsSayWhoAbstainsAndWhatItBuys) {
  const EvaluationReport report = SampleReport(kLabels);
  const json thresholds = json::parse(ToJson(report))["thresholds"];
  EXPECT_EQ(thresholds["promised_precision"], 0.9);
  EXPECT_EQ(thresholds["labels_that_keep_it"], 2);
  EXPECT_EQ(thresholds["labels"][0]["threshold"], ThresholdsOf(report)[0]);
  EXPECT_EQ(thresholds["labels"][2]["threshold"], kAlwaysAbstain);
  EXPECT_EQ(thresholds["labels"][2]["keeps_promise"], false);
  EXPECT_EQ(thresholds["labels"][2]["judged"]["precision"], nullptr);
  std::int64_t answered = 0;
  for (const json& label : thresholds["labels"]) {
    answered += label["judged"]["answered"].get<std::int64_t>();
  }
  EXPECT_DOUBLE_EQ(
      thresholds["judged"]["coverage"],
      static_cast<double>(answered) / static_cast<double>(report.judgement.figures.rows));
}

TEST(ReportJsonTest, WithoutAPromiseEveryTicketIsAnswered) {
  EvaluationReport report = SampleReport(kLabels);
  report.promise.reset();
  EXPECT_EQ(ThresholdsOf(report), std::vector<double>(3, 0.0));
  EXPECT_EQ(json::parse(ToJson(report))["thresholds"], nullptr);
}

TEST(ReportJsonTest, OfACallersRowsTheFiguresStandAtTheTop) {
  EvaluationReport report = SampleReport(kLabels);
  report.judged_on = "data";
  report.validation.reset();
  const json parsed = json::parse(ToJson(report));
  EXPECT_EQ(parsed["accuracy"], report.judgement.figures.accuracy);
  EXPECT_TRUE(parsed.contains("confusion"));
  EXPECT_TRUE(parsed.contains("worst_mistakes"));
  EXPECT_FALSE(parsed.contains("history"));
}

}  // namespace
}  // namespace guichet
