#include "model/inference/few_rows_product.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace guichet {
namespace {

std::vector<float> RandomValues(std::int64_t count, Random& random) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(random.Uniform() - 0.5));
  }
  return values;
}

// One product by the kernel in two parts, against doubles.
void ExpectProduct(std::int64_t rows, std::int64_t inputs, std::int64_t outputs, bool add) {
  Random random(static_cast<std::uint64_t>(rows * 1000 + inputs * 10 + outputs));
  const std::vector<float> x = RandomValues(rows * inputs, random);
  const std::vector<float> weight = RandomValues(outputs * inputs, random);
  const std::vector<float> bias = RandomValues(outputs, random);
  const std::vector<float> before = RandomValues(rows * outputs, random);
  std::vector<float> out = before;
  const FewRowsArguments arguments{.x = x.data(),
                                   .weight = weight.data(),
                                   .bias = bias.data(),
                                   .out = out.data(),
                                   .rows = rows,
                                   .inputs = inputs,
                                   .outputs = outputs,
                                   .add = add};
  const std::int64_t middle = outputs / 2;
  MultiplyFewRows(arguments, middle, outputs);
  MultiplyFewRows(arguments, 0, middle);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      const auto at = static_cast<std::size_t>(r * outputs + o);
      double expected = bias[static_cast<std::size_t>(o)] + (add ? before[at] : 0.0F);
      for (std::int64_t i = 0; i < inputs; ++i) {
        expected += static_cast<double>(x[static_cast<std::size_t>(r * inputs + i)]) *
                    weight[static_cast<std::size_t>(o * inputs + i)];
      }
      ASSERT_NEAR(out[at], expected, 2e-5) << rows << " " << inputs << " " << outputs;
    }
  }
}

TEST(FewRowsProductTest, EqualsDoublesAtEverySize) {
  for (const std::int64_t rows : {1, 2, 3, 4, 5, 8, 33}) {
    for (const std::int64_t inputs : {1, 7, 8, 24, 100}) {
      for (const std::int64_t outputs : {1, 2, 5, 8, 31}) {
        ExpectProduct(rows, inputs, outputs, /*add=*/false);
      }
    }
  }
}

TEST(FewRowsProductTest, AddsToWhatIsThere) { ExpectProduct(6, 40, 9, /*add=*/true); }

}  // namespace
}  // namespace guichet
