#include "server/config/config_value.h"

#include <string>

#include <gtest/gtest.h>

#include "base/random.h"
#include "server/config/config_text_checks.h"

namespace guichet {
namespace {

using std::chrono::microseconds;

TEST(ConfigValueTest, DurationsHaveUnits) {
  EXPECT_EQ(*ParseDuration("250ms"), std::chrono::milliseconds(250));
  EXPECT_EQ(*ParseDuration("1us"), microseconds(1));
  EXPECT_EQ(*ParseDuration("5s"), std::chrono::seconds(5));
  EXPECT_EQ(*ParseDuration("2m"), std::chrono::minutes(2));
  EXPECT_EQ(*ParseDuration("24h"), std::chrono::hours(24));
  EXPECT_EQ(*ParseDuration("0"), microseconds(0));
}

TEST(ConfigValueTest, DurationsOfAnotherFormAreRefused) {
  for (const char* text : {"", "5", "ms", "-1s", "1.5s", " 1s", "1 s", "1S", "1d", "1s2ms",
                           "9223372036854775807h", "99999999999999999999s", "+1s"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(ConfigValueTest, SizesMayHaveUnits) {
  EXPECT_EQ(*ParseBytes("4MiB"), 4'194'304U);
  EXPECT_EQ(*ParseBytes("1000"), 1000U);
  EXPECT_EQ(*ParseBytes("0"), 0U);
  for (const char* text : {"", "4MB", "4 MiB", "-1", "1.5GiB", "0x10", "8589934592GiB"}) {
    EXPECT_FALSE(ParseBytes(text).ok()) << text;
  }
}

TEST(ConfigValueTest, WhatIsWrittenReadsBack) {
  Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t bits = random.Below(52);
    std::uint64_t value = random.Below(std::uint64_t{1} << bits);
    if (random.Chance(0.5)) value -= value % 3'600'000'000;
    const microseconds duration(static_cast<std::int64_t>(value));
    EXPECT_EQ(*ParseDuration(FormatDuration(duration)), duration);
    EXPECT_EQ(*ParseBytes(FormatBytes(value)), value);
  }
  EXPECT_EQ(FormatDuration(std::chrono::minutes(90)), "90m");
  EXPECT_EQ(FormatBytes(std::size_t{3} << 20), "3MiB");
}

TEST(ConfigValueTest, NumbersAndSwitchesAreExact) {
  EXPECT_EQ(*ParseInteger("-12"), -12);
  for (const char* text : {"", "1 ", "1e3", "0x1", "1,000", "9223372036854775808"}) {
    EXPECT_FALSE(ParseInteger(text).ok()) << text;
  }
  EXPECT_TRUE(*ParseBool("true"));
  EXPECT_FALSE(*ParseBool("false"));
  for (const char* text : {"", "yes", "True", "1", "on"}) EXPECT_FALSE(ParseBool(text).ok());
}

TEST(ConfigTextChecksTest, AddressesAreHostAndPort) {
  for (const char* text : {"0.0.0.0:50051", "[::]:0", "localhost:9464", "[fe80::1%eth0]:1"}) {
    EXPECT_TRUE(CheckAddress(text).ok()) << text;
  }
  for (const char* text :
       {"", "50051", ":50051", "host:", "host:65536", "host:1x", "::1:50051", "a b:1", "[]:1"}) {
    EXPECT_FALSE(CheckAddress(text).ok()) << text;
  }
}

TEST(ConfigTextChecksTest, DevicesAreNamedAsTorchNamesThem) {
  for (const char* text : {"auto", "cpu", "cuda", "cuda:0", "cuda:15"}) {
    EXPECT_TRUE(CheckDevice(text).ok()) << text;
  }
  for (const char* text : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "CPU"}) {
    EXPECT_FALSE(CheckDevice(text).ok()) << text;
  }
}

TEST(ConfigTextChecksTest, TextsArePlain) {
  EXPECT_TRUE(CheckPlainText("/modèles/tickets v2").ok());
  EXPECT_FALSE(CheckPlainText("a\nb").ok());
  EXPECT_FALSE(CheckPlainText(std::string(5000, 'a')).ok());
}

}  // namespace
}  // namespace guichet
