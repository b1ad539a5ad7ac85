#include "model/checkpoint/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::ElementsAre;

template <typename T>
std::vector<std::byte> Bytes(const std::vector<T>& values, size_t misalignment = 0) {
  std::vector<std::byte> bytes(misalignment + values.size() * sizeof(T));
  std::memcpy(bytes.data() + misalignment, values.data(), values.size() * sizeof(T));
  return bytes;
}

TEST(HalfToFloatTest, KnownValues) {
  EXPECT_EQ(HalfToFloat(0x0000), 0.0F);
  EXPECT_TRUE(std::signbit(HalfToFloat(0x8000)));
  EXPECT_EQ(HalfToFloat(0x3c00), 1.0F);
  EXPECT_EQ(HalfToFloat(0xc000), -2.0F);
  EXPECT_EQ(HalfToFloat(0x3555), 0.333251953125F);
  EXPECT_EQ(HalfToFloat(0x7bff), 65504.0F);             // the largest
  EXPECT_EQ(HalfToFloat(0x0400), 0x1p-14F);             // the smallest normal number
  EXPECT_EQ(HalfToFloat(0x03ff), 0x1p-14F - 0x1p-24F);  // the largest subnormal number
  EXPECT_EQ(HalfToFloat(0x0001), 0x1p-24F);
  EXPECT_EQ(HalfToFloat(0x8001), -0x1p-24F);
  EXPECT_EQ(HalfToFloat(0x7c00), std::numeric_limits<float>::infinity());
  EXPECT_EQ(HalfToFloat(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(HalfToFloat(0x7e01)));
}

TEST(HalfToFloatTest, EveryFiniteValueIsExact) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const unsigned exponent = bits >> 10U & 0x1fU;
    const unsigned mantissa = bits & 0x3ffU;
    const float value = HalfToFloat(static_cast<std::uint16_t>(bits));
    if (exponent == 31) {
      ASSERT_FALSE(std::isfinite(value)) << bits;
      continue;
    }
    const double magnitude = exponent == 0
                                 ? std::ldexp(mantissa, -24)
                                 : std::ldexp(1024 + mantissa, static_cast<int>(exponent) - 25);
    ASSERT_EQ(value, static_cast<float>((bits & 0x8000U) != 0 ? -magnitude : magnitude)) << bits;
  }
}

TEST(BFloat16ToFloatTest, KnownValues) {
  EXPECT_EQ(BFloat16ToFloat(0x3fc0), 1.5F);
  EXPECT_EQ(BFloat16ToFloat(0xc0e0), -7.0F);
  EXPECT_EQ(BFloat16ToFloat(0x0001), std::ldexp(1.0F, -133));  // subnormal
  EXPECT_EQ(BFloat16ToFloat(0x7f80), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(BFloat16ToFloat(0x7fc1)));
}

TEST(FloatToBFloat16Test, RoundsToTheNearestAndTiesToEven) {
  const auto rounded = [](std::uint32_t bits) {
    return FloatToBFloat16(std::bit_cast<float>(bits));
  };
  EXPECT_EQ(rounded(0x3f800000U), 0x3f80U);
  EXPECT_EQ(rounded(0x3f807fffU), 0x3f80U);
  EXPECT_EQ(rounded(0x3f808000U), 0x3f80U);  // half way, even below
  EXPECT_EQ(rounded(0x3f818000U), 0x3f82U);  // half way, even above
  EXPECT_EQ(rounded(0x3f808001U), 0x3f81U);
  EXPECT_EQ(rounded(0xbf818000U), 0xbf82U);
  EXPECT_EQ(rounded(0x7f7fffffU), 0x7f80U);  // the largest becomes infinite
  EXPECT_EQ(rounded(0x7f800000U), 0x7f80U);
  EXPECT_TRUE(std::isnan(BFloat16ToFloat(rounded(0x7f800001U))));
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    const float value = BFloat16ToFloat(static_cast<std::uint16_t>(bits));
    if (!std::isnan(value)) {
      ASSERT_EQ(FloatToBFloat16(value), bits);
    }
  }
}

TEST(ConvertToFloat32Test, ReadsEveryFloatingTypeAtAnyAlignment) {
  for (size_t misalignment : {0U, 1U, 3U}) {
    std::vector<float> out(2);
    const auto convert = [&](DType dtype, const std::vector<std::byte>& bytes) {
      const TensorView tensor{dtype, {2}, std::span(bytes).subspan(misalignment)};
      ASSERT_TRUE(ConvertToFloat32(tensor, out).ok());
      EXPECT_THAT(out, ElementsAre(1.5F, -0.25F));
    };
    convert(DType::kF32, Bytes<float>({1.5F, -0.25F}, misalignment));
    convert(DType::kF64, Bytes<double>({1.5, -0.25}, misalignment));
    convert(DType::kF16, Bytes<std::uint16_t>({0x3e00, 0xb400}, misalignment));
    convert(DType::kBF16, Bytes<std::uint16_t>({0x3fc0, 0xbe80}, misalignment));
  }
}

TEST(ConvertToFloat32Test, RefusesIntegersAndOtherSizes) {
  std::vector<float> out(2);
  const auto bytes = Bytes<std::int32_t>({1, 2});
  EXPECT_EQ(ConvertToFloat32({DType::kI32, {2}, bytes}, out).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ConvertToFloat32({DType::kF32, {2}, bytes}, std::span(out).first(1)).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(FirstNonFiniteTest, FindsTheFirstInEveryType) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  std::vector<float> values(10'000, 1e38F);
  auto bytes = Bytes(values);
  EXPECT_FALSE(FirstNonFinite({DType::kF32, {10'000}, bytes}).has_value());
  values[9'999] = -kInf;
  bytes = Bytes(values, 1);
  EXPECT_EQ(FirstNonFinite({DType::kF32, {10'000}, std::span(bytes).subspan(1)}), 9'999U);
  values[4'097] = std::numeric_limits<float>::quiet_NaN();
  bytes = Bytes(values);
  EXPECT_EQ(FirstNonFinite({DType::kF32, {10'000}, bytes}), 4'097U);

  const auto halves = Bytes<std::uint16_t>({0x7bff, 0x7c00});
  EXPECT_EQ(FirstNonFinite({DType::kF16, {2}, halves}), 1U);
  EXPECT_FALSE(FirstNonFinite({DType::kBF16, {2}, halves}).has_value());
  const auto brains = Bytes<std::uint16_t>({0x7bff, 0x3f80, 0xff81});
  EXPECT_EQ(FirstNonFinite({DType::kBF16, {3}, brains}), 2U);
  const auto doubles = Bytes<double>({3e38, 1e39});
  EXPECT_EQ(FirstNonFinite({DType::kF64, {2}, doubles}), 1U);  // finite, but not as a float
}

}  // namespace
}  // namespace guichet
