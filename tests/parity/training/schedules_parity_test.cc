#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/training/optimizer_schedule.h"
#include "tests/support/json_file.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

using nlohmann::json;

TEST(SchedulesParityTest, EveryTableOfTransformers) {
  const json tables = ReadJsonFile(UnpackTestArchive("goldens/training.tar.xz") / "schedules.json");
  ASSERT_FALSE(tables.empty());
  const std::map<std::string, LearningRateSchedule> kinds = {
      {"linear", LearningRateSchedule::kLinear},
      {"cosine", LearningRateSchedule::kCosine},
      {"polynomial", LearningRateSchedule::kPolynomial},
      {"polynomial_power_2", LearningRateSchedule::kPolynomial},
      {"constant_with_warmup", LearningRateSchedule::kConstant},
      {"constant", LearningRateSchedule::kConstant}};
  for (const json& table : tables) {
    const std::string name = table.at("schedule");
    SCOPED_TRACE(name);
    const OptimizerSchedule schedule{
        .kind = kinds.at(name),
        .learning_rate = table.at("lr"),
        .warmup_steps = name == "constant" ? 0 : table.at("warmup_steps").get<int>(),
        .total_steps = table.at("total_steps"),
        .final_learning_rate = table.value("lr_end", 0.0),
        .power = table.value("power", 1.0)};
    int step = 0;
    for (const json& value : table.at("values")) {
      const double expected = value;
      EXPECT_NEAR(schedule.At(step), expected, 1e-12 * expected + 1e-18) << "step " << step;
      ++step;
    }
  }
}

}  // namespace
}  // namespace guichet
