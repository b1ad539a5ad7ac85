#include "server/telemetry/log.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace guichet {
namespace {

// The lines written to stderr by `act`.
template <typename Act>
std::vector<std::string> LinesOf(Act act) {
  ::testing::internal::CaptureStderr();
  act();
  StopLog();
  std::istringstream text(::testing::internal::GetCapturedStderr());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(LogTest, JsonLinesAreObjectsWhateverTheFieldsHold) {
  const std::string nasty = "quote \" backslash \\ line\nend \x01 bad utf-8 \xff";
  const auto lines = LinesOf([&] {
    ASSERT_TRUE(StartLog("json", "info").ok());
    Log(LogLevel::kInfo, "an event",
        {{"text", nasty}, {"count", 3}, {"ratio", 0.5}, {"flag", true}, {"view", "x"}});
    Log(LogLevel::kError, "bare");
  });
  ASSERT_EQ(lines.size(), 2U);
  const auto line = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(line["event"], "an event");
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["count"], 3);
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["flag"], true);
  EXPECT_EQ(line["view"], "x");
  EXPECT_THAT(line["text"].get<std::string>(),
              ::testing::StartsWith("quote \" backslash \\ line\nend \x01 bad utf-8 "));
  EXPECT_THAT(line["time"].get<std::string>(),
              ::testing::MatchesRegex("20..-..-..T..:..:..\\....Z"));
  EXPECT_EQ(nlohmann::json::parse(lines[1])["level"], "error");
}

TEST(LogTest, TextLinesQuoteValuesSoThatNoLineIsForged) {
  const auto lines = LinesOf([] {
    ASSERT_TRUE(StartLog("text", "info").ok());
    Log(LogLevel::kWarning, "refused", {{"peer", "a\nINFO forged"}, {"calls", 2}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], ::testing::EndsWith("warning refused peer=\"a\\nINFO forged\" calls=2"));
}

TEST(LogTest, TheLevelDecidesAndCanChange) {
  const auto lines = LinesOf([] {
    ASSERT_TRUE(StartLog("text", "warning").ok());
    EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
    EXPECT_TRUE(LogEnabled(LogLevel::kError));
    Log(LogLevel::kInfo, "dropped");
    ASSERT_TRUE(SetLogLevel("debug").ok());
    Log(LogLevel::kDebug, "kept");
    Log(LogLevel::kTrace, "dropped");
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], ::testing::EndsWith("debug kept"));
}

TEST(LogTest, UnknownWordsAreRefused) {
  EXPECT_EQ(StartLog("xml", "info").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(StartLog("text", "loud").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SetLogLevel("loud").code(), absl::StatusCode::kInvalidArgument);
}

TEST(LogTest, WithoutAStartLinesAreDropped) {
  EXPECT_TRUE(LinesOf([] { Log(LogLevel::kError, "nobody listens"); }).empty());
}

}  // namespace
}  // namespace guichet
