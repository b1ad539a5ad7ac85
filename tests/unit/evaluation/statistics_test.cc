#include "model/evaluation/statistics.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;
using Numbers = std::vector<double>;

constexpr double kTolerance = 1e-9;

json Goldens(const std::string& key) {
  return ReadJsonFile(UnpackTestArchive("goldens/metrics.tar.xz") / "statistics.json").at(key);
}

TEST(McNemarTest, EqualsScipy) {
  const json cases = Goldens("mcnemar");
  ASSERT_GE(cases.size(), 20U);
  for (const json& golden : cases) {
    const McNemarResult result = McNemarTest(golden["b"], golden["c"]);
    EXPECT_NEAR(result.exact, golden["exact"], kTolerance) << golden.dump();
    EXPECT_NEAR(result.mid_p, golden["mid_p"], kTolerance) << golden.dump();
  }
}

TEST(ClopperPearsonTest, EqualsScipy) {
  const json cases = Goldens("clopper_pearson");
  ASSERT_GE(cases.size(), 50U);
  for (const json& golden : cases) {
    const Interval interval = ClopperPearson(golden["k"], golden["n"], golden["alpha"]);
    EXPECT_NEAR(interval.low, golden["low"], kTolerance) << golden.dump();
    EXPECT_NEAR(interval.high, golden["high"], kTolerance) << golden.dump();
    EXPECT_NEAR(ClopperPearsonLow(golden["k"], golden["n"], golden["alpha"]),
                golden["one_sided_low"], kTolerance)
        << golden.dump();
  }
}

TEST(ClopperPearsonTest, HoldsTheShareAndShrinksWithMoreTrials) {
  double width = 1;
  for (std::int64_t trials = 10; trials <= 1'000'000; trials *= 10) {
    const Interval interval = ClopperPearson(trials * 3 / 10, trials, 0.05);
    EXPECT_LT(interval.low, 0.3);
    EXPECT_GT(interval.high, 0.3);
    EXPECT_LT(interval.high - interval.low, width);
    width = interval.high - interval.low;
  }
}

TEST(PopulationStabilityIndexTest, EqualsTheReference) {
  const json cases = Goldens("psi");
  ASSERT_GE(cases.size(), 8U);
  for (const json& golden : cases) {
    EXPECT_NEAR(PopulationStabilityIndex(golden["reference"].get<Numbers>(),
                                         golden["current"].get<Numbers>()),
                golden["psi"], kTolerance);
  }
}

TEST(NumericDriftTest, EqualsTheReference) {
  const json cases = Goldens("psi_numeric");
  ASSERT_EQ(cases.size(), 3U);
  for (const json& golden : cases) {
    const Numbers reference = golden["reference"];
    const Numbers current = golden["current"];
    const NumericDrift drift = MeasureNumericDrift(reference, current);
    ASSERT_EQ(drift.edges.size(), golden["edges"].size());
    for (size_t i = 0; i < drift.edges.size(); ++i) {
      EXPECT_NEAR(drift.edges[i], golden["edges"][i], kTolerance);
    }
    EXPECT_EQ(drift.reference_counts, golden["reference_counts"].get<Numbers>());
    EXPECT_EQ(drift.current_counts, golden["current_counts"].get<Numbers>());
    EXPECT_NEAR(drift.psi, golden["psi"], kTolerance);
    EXPECT_NEAR(KolmogorovSmirnov(reference, current), golden["ks"], kTolerance);
  }
}

TEST(KolmogorovSmirnovTest, IsZeroForTheSameAndOneForSeparateSamples) {
  const Numbers sample = {3, 1, 2, 2};
  EXPECT_EQ(KolmogorovSmirnov(sample, sample), 0);
  EXPECT_EQ(KolmogorovSmirnov(sample, Numbers{9, 8}), 1);
}

}  // namespace
}  // namespace guichet
