#include "model/data/json_records.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "LINE:text" of each record; refusals as "! message".
std::vector<std::string> Read(const std::string& text, std::size_t max_bytes = 100) {
  std::istringstream stream(text);
  JsonRecords records(LineReader(MakeStreamSource(stream), {.max_line_bytes = 1000}), max_bytes);
  std::vector<std::string> all;
  while (true) {
    const auto record = records.Next();
    if (!record.ok()) {
      all.push_back("! " + std::string(record.status().message()));
      if (!absl::IsInvalidArgument(record.status())) return all;
    } else if (record->has_value()) {
      all.push_back(std::to_string(records.line()) + ":" + **record);
    } else {
      return all;
    }
  }
}

TEST(JsonRecordsTest, LinesAreRecords) {
  EXPECT_THAT(Read("\n{\"a\":1}\n\n [1]\nx"), ElementsAre("2:{\"a\":1}", "4: [1]", "5:x"));
  EXPECT_THAT(Read("[1]\n{}\n"), ElementsAre("1:[1]", "2:{}"));
  EXPECT_THAT(Read(""), ElementsAre());
  EXPECT_THAT(Read("\n \n"), ElementsAre());
}

TEST(JsonRecordsTest, AListOfObjectsIsReadHoweverItIsLaidOut) {
  EXPECT_THAT(Read(R"([{"a":"]}\"{"},{"b":[{}]}])"),
              ElementsAre(R"(1:{"a":"]}\"{"})", R"(1:{"b":[{}]})"));
  EXPECT_THAT(Read("\n[\n  {\n \"a\": 1\n },\n\n {\"b\":2}\n]\n\n"),
              ElementsAre("3:{\n \"a\": 1\n }", "7:{\"b\":2}"));
  EXPECT_THAT(Read("[\n]\n"), ElementsAre());
}

TEST(JsonRecordsTest, WhatIsNoListOfObjectsEndsTheReading) {
  EXPECT_THAT(Read("[{}, 7]"), ElementsAre("1:{}", HasSubstr("line 1: a list of tickets holds")));
  EXPECT_THAT(Read("[{}]\n{}"), ElementsAre("1:{}", HasSubstr("line 2: text after the end")));
  EXPECT_THAT(Read("[{},"), ElementsAre("1:{}", HasSubstr("the list does not end")));
  EXPECT_THAT(Read("[{\"a\":"), ElementsAre(HasSubstr("an object does not end")));
}

TEST(JsonRecordsTest, ALineOfAListThatIsRefusedEndsTheReading) {
  EXPECT_THAT(Read("[{\n\"a\":\"\xFF\"},{}]\n"), ElementsAre(HasSubstr("line 2: not UTF-8")));
  EXPECT_THAT(Read("[\n\xFF\n{}]\n"), ElementsAre(HasSubstr("line 2: not UTF-8")));
  EXPECT_THAT(Read("\xFF\n{}\n"), ElementsAre(HasSubstr("line 1: not UTF-8"), "2:{}"));
}

TEST(JsonRecordsTest, LongObjectsAreRefusedAndPassedOver) {
  const std::string longer =
      "{\"a\":\"" + std::string(50, 'x') + "\n" + std::string(60, 'y') + "\"}";
  EXPECT_THAT(Read("[" + longer + ",\n{\"b\":1}]"),
              ElementsAre(HasSubstr("line 1: longer than 100 bytes"), "3:{\"b\":1}"));
}

}  // namespace
}  // namespace guichet
