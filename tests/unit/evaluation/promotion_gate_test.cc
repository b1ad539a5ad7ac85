#include "model/evaluation/promotion_gate.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "model/evaluation/classification_report.h"

namespace guichet {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kLabels = {"réseau", "messagerie", "imprimante", "accès"};

// Held-out rows and what two models say of them.
struct Case {
  std::vector<int> truth;
  std::vector<int> live;
  std::vector<int> candidate;

  GateRows Rows() const {
    return {.truth = truth, .live = live, .candidate = candidate, .candidate_p95_seconds = {}};
  }
};

int Wrong(int truth) { return (truth + 1) % static_cast<int>(kLabels.size()); }

// `rows` rows of all labels in turn; the live model errs on every fifth, and so does the candidate.
Case EqualModels(int rows) {
  Case made;
  for (int row = 0; row < rows; ++row) {
    const int truth = row % static_cast<int>(kLabels.size());
    made.truth.push_back(truth);
    made.live.push_back(row % 5 == 0 ? Wrong(truth) : truth);
  }
  made.candidate = made.live;
  return made;
}

GateDecision Judge(const Case& given, const GatePolicy& policy = {}) {
  return JudgeCandidate(kLabels, given.Rows(), policy).value();
}

TEST(PromotionGateTest, EqualModelsAreNeverRejected) {
  for (const int rows : {50, 51, 200, 3000}) {
    const GateDecision decision = Judge(EqualModels(rows));
    EXPECT_EQ(decision.verdict, GateVerdict::kPromote) << rows;
    EXPECT_EQ(decision.macro_f1_difference.low, 0);
    EXPECT_EQ(decision.macro_f1_difference.high, 0);
    EXPECT_EQ(decision.rows_needed, 0);
  }
}

TEST(PromotionGateTest, AFewRowsDecideNothing) {
  for (const int rows : {1, 2, 7, 49}) {
    const GateDecision decision = Judge(EqualModels(rows));
    EXPECT_EQ(decision.verdict, GateVerdict::kHold) << rows;
    EXPECT_EQ(decision.rows_needed, 50 - rows);
    EXPECT_THAT(decision.reasons.front(), HasSubstr("the least to decide on"));
  }
}

TEST(PromotionGateTest, ModelsThatErrEquallyOftenElsewhereAreNotRejected) {
  // Retraining with another seed: as good, but wrong on other rows.
  int rejected = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    Case given = EqualModels(400);
    for (std::size_t row = 0; row < given.truth.size(); ++row) {
      given.live[row] = random.Chance(0.2) ? Wrong(given.truth[row]) : given.truth[row];
      given.candidate[row] = random.Chance(0.2) ? Wrong(given.truth[row]) : given.truth[row];
    }
    rejected += Judge(given).verdict == GateVerdict::kReject ? 1 : 0;
  }
  EXPECT_LE(rejected, 8);  // 2.5 % by the interval and at most 5 % by the labels, of 100
}

TEST(PromotionGateTest, OneRuinedLabelIsRejected) {
  Case given = EqualModels(400);
  for (std::size_t row = 0; row < given.truth.size(); ++row) {
    if (given.truth[row] == 2) given.candidate[row] = 0;
  }
  const GateDecision decision = Judge(given);
  EXPECT_EQ(decision.verdict, GateVerdict::kReject);
  EXPECT_LT(decision.macro_f1_difference.high, 0);
  EXPECT_THAT(decision.reasons, testing::Contains(HasSubstr("imprimante")));
}

TEST(PromotionGateTest, OneRuinedLabelIsRejectedEvenIfTheOthersGain) {
  Case given = EqualModels(2000);
  for (std::size_t row = 0; row < given.truth.size(); ++row) {
    given.candidate[row] = given.truth[row];
    // Of one label, half goes wrong: macro-F1 still grows.
    if (given.truth[row] == 2 && row % 8 >= 4) given.candidate[row] = 3;
  }
  const GateDecision decision = Judge(given);
  EXPECT_GT(decision.candidate_macro_f1, decision.live_macro_f1);
  EXPECT_EQ(decision.verdict, GateVerdict::kReject);
  GatePolicy others;
  others.protected_labels = {"réseau"};
  EXPECT_EQ(Judge(given, others).verdict, GateVerdict::kPromote);
}

TEST(PromotionGateTest, SmallGainOnFewRowsIsHeldWithTheRowsStillNeeded) {
  // 200 rows: 30 mended, 20 broken, that is 5 points better.
  Case given = EqualModels(200);
  int mended = 0;
  int broken = 0;
  for (std::size_t row = 0; row < given.truth.size(); ++row) {
    if (given.live[row] != given.truth[row] && mended < 30) {
      given.candidate[row] = given.truth[row];
      ++mended;
    } else if (given.live[row] == given.truth[row] && row % 7 == 0 && broken < 20) {
      given.candidate[row] = Wrong(given.truth[row]);
      ++broken;
    }
  }
  ASSERT_EQ(mended, 30);
  ASSERT_EQ(broken, 20);
  const GateDecision decision = Judge(given);
  EXPECT_NEAR(decision.candidate_accuracy - decision.live_accuracy, 0.05, 1e-12);
  EXPECT_EQ(decision.verdict, GateVerdict::kHold);
  EXPECT_GT(decision.rows_needed, 0);
  EXPECT_THAT(decision.reasons.back(), HasSubstr("more held-out rows"));

  // That many more rows of the same kind do settle it.
  const auto copies = static_cast<int>(1 + (decision.rows_needed * 12 / 10 + 199) / 200);
  Case longer;
  for (int copy = 0; copy < copies; ++copy) {
    longer.truth.insert(longer.truth.end(), given.truth.begin(), given.truth.end());
    longer.live.insert(longer.live.end(), given.live.begin(), given.live.end());
    longer.candidate.insert(longer.candidate.end(), given.candidate.begin(), given.candidate.end());
  }
  EXPECT_EQ(Judge(longer).verdict, GateVerdict::kPromote);
}

TEST(PromotionGateTest, ClearGainIsPromoted) {
  Case given = EqualModels(2000);
  for (std::size_t row = 0; row < given.truth.size(); row += 2) {
    given.candidate[row] = given.truth[row];
  }
  const GateDecision decision = Judge(given);
  EXPECT_EQ(decision.verdict, GateVerdict::kPromote);
  EXPECT_GT(decision.macro_f1_difference.low, 0);
  EXPECT_LT(decision.accuracy_test.mid_p, 1e-6);
  EXPECT_EQ(decision.only_live, 0);
  EXPECT_EQ(decision.only_candidate, 200);
}

TEST(PromotionGateTest, CalibrationAndLatencyHoldButDoNotReject) {
  const Case given = EqualModels(100);
  GateRows rows = given.Rows();
  rows.live_calibration_error = 0.02;
  rows.candidate_calibration_error = 0.031;
  auto decision = JudgeCandidate(kLabels, rows).value();
  EXPECT_EQ(decision.verdict, GateVerdict::kHold);
  EXPECT_EQ(decision.rows_needed, 0);  // more rows would not help
  rows.candidate_calibration_error = 0.029;
  EXPECT_EQ(JudgeCandidate(kLabels, rows).value().verdict, GateVerdict::kPromote);

  // Few rows besides: more of them would not help either.
  const Case few = EqualModels(10);
  rows = few.Rows();
  rows.candidate_calibration_error = 0.5;
  decision = JudgeCandidate(kLabels, rows).value();
  EXPECT_EQ(decision.reasons.size(), 3U);
  EXPECT_EQ(decision.rows_needed, 0);

  rows = given.Rows();
  rows.candidate_p95_seconds = 0.2;
  GatePolicy policy;
  EXPECT_EQ(JudgeCandidate(kLabels, rows, policy).value().verdict, GateVerdict::kPromote);
  policy.max_p95_seconds = 0.1;
  EXPECT_EQ(JudgeCandidate(kLabels, rows, policy).value().verdict, GateVerdict::kHold);
}

TEST(PromotionGateTest, FiguresAreThoseOfTheReport) {
  Case given = EqualModels(333);
  Random random(7);
  for (int& label : given.candidate) {
    if (random.Chance(0.1)) label = static_cast<int>(random.Below(kLabels.size()));
  }
  const GateDecision decision = Judge(given);
  const auto live = ReportPredictions(kLabels, given.truth, given.live).value();
  const auto candidate = ReportPredictions(kLabels, given.truth, given.candidate).value();
  EXPECT_NEAR(decision.live_macro_f1, live.macro.f1, 1e-12);
  EXPECT_NEAR(decision.candidate_macro_f1, candidate.macro.f1, 1e-12);
  EXPECT_NEAR(decision.candidate_accuracy, candidate.accuracy, 1e-12);
  ASSERT_EQ(decision.changes.size(), kLabels.size());
  for (std::size_t label = 0; label < kLabels.size(); ++label) {
    EXPECT_NEAR(decision.changes[label].candidate_recall, candidate.per_label[label].scores.recall,
                1e-12);
  }
  EXPECT_EQ(ToJson(decision), ToJson(Judge(given)));
}

TEST(PromotionGateTest, JsonHoldsTheVerdictAndItsNumbers) {
  const auto json = nlohmann::json::parse(ToJson(Judge(EqualModels(80))));
  EXPECT_EQ(json["verdict"], "PROMOTE");
  EXPECT_EQ(json["rows"], 80);
  EXPECT_EQ(json["macro_f1"]["live"], json["macro_f1"]["candidate"]);
  EXPECT_EQ(json["recall"].size(), kLabels.size());
}

TEST(PromotionGateTest, RefusesRowsThatDoNotFit) {
  Case given = EqualModels(10);
  EXPECT_FALSE(JudgeCandidate(kLabels, {}).ok());
  given.live.pop_back();
  EXPECT_FALSE(JudgeCandidate(kLabels, given.Rows()).ok());
  given.live.push_back(4);
  EXPECT_THAT(std::string(JudgeCandidate(kLabels, given.Rows()).status().message()),
              HasSubstr("4 is no index of 4 labels"));
  given.live.back() = 0;
  GatePolicy policy;
  policy.protected_labels = {"inconnu"};
  EXPECT_THAT(std::string(JudgeCandidate(kLabels, given.Rows(), policy).status().message()),
              HasSubstr("inconnu"));
  policy = {};
  policy.confidence = 1;
  EXPECT_THAT(std::string(policy.Validate().message()), HasSubstr("confidence"));
}

}  // namespace
}  // namespace guichet
