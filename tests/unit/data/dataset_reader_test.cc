#include "model/data/dataset_reader.h"

#include <fstream>
#include <sstream>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "id|subject|body|label" of each ticket; refusals as "! message".
std::vector<std::string> Read(TicketFormat format, const std::string& text,
                              TicketReaderOptions options = {}) {
  std::istringstream stream(text);
  options.format = format;
  auto reader = OpenTicketReader(MakeStreamSource(stream), "in", options);
  if (!reader.ok()) return {"! " + std::string(reader.status().message())};
  std::vector<std::string> rows;
  for (;;) {
    const auto ticket = (*reader)->Next();
    if (!ticket.ok()) {
      rows.push_back("! " + std::string(ticket.status().message()));
      if (!absl::IsInvalidArgument(ticket.status())) return rows;
    } else if (ticket->has_value()) {
      rows.push_back((*ticket)->id + "|" + (*ticket)->subject + "|" + (*ticket)->body + "|" +
                     (*ticket)->label);
    } else {
      return rows;
    }
  }
}

TEST(DatasetReaderTest, TextIsOneTicketALine) {
  const std::string text = "\xEF\xBB\xBFun\r\n\n  \ndeux mots\ntrois";
  const auto tickets =
      ElementsAre("||un|", "! in: line 2: a blank line is no ticket",
                  "! in: line 3: a blank line is no ticket", "||deux mots|", "||trois|");
  EXPECT_THAT(Read(TicketFormat::kText, text), tickets);
  EXPECT_THAT(Read(TicketFormat::kGuess, text), tickets);
  EXPECT_THAT(Read(TicketFormat::kText, ""), ElementsAre());
}

TEST(DatasetReaderTest, JsonLinesTakeEveryField) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"id":"7","subject":"s","body":"b","label":"l"})", "7|s|b|l"},
      {R"({"id":7,"text":"b","label":3,"other":[1,{}]})", "7||b|3"},
      {R"({"subject":"s","body":null})", "|s||"},
      {R"({"body":"\u00e9\ud83d\ude00\n"})", "||é😀\n|"},
      {R"([1])", "! in: line 1: not a JSON object but a array"},
      {R"({"body":"b","text":"t"})", "! in: line 1: both 'body' and 'text'"},
      {R"({"label":"l"})", "! in: line 1: neither subject nor body"},
      {R"({"body":"  "})", "! in: line 1: neither subject nor body"},
      {R"({"body":1.5})", "! in: line 1: 'body' must be a string, not a number"},
      {R"({"body":["b"]})", "! in: line 1: 'body' must be a string, not a array"},
      {R"({"body":"b")", "! in: line 1: "},
      {R"({"body":"a","body":"b"})", "! in: line 1: "},
      {"{\"body\":\"\xe9\"}", "! in: line 1: not UTF-8 at byte 10 (0xE9)"},
      {R"({"body":"\ud800"})", "! in: line 1: "},
      {"{\"body\":" + std::string(5000, '[') + "}", "! in: line 1: "},
  };
  for (const auto& [line, expected] : cases) {
    const auto rows = Read(TicketFormat::kJsonLines, line + "\n\n{\"body\":\"suite\"}\n");
    ASSERT_EQ(rows.size(), 2U) << line;
    EXPECT_THAT(rows[0], testing::StartsWith(expected)) << line;
    EXPECT_EQ(rows[1], "||suite|") << line;
  }
}

TEST(DatasetReaderTest, CsvColumnsComeInAnyOrderAndCase) {
  EXPECT_THAT(Read(TicketFormat::kCsv, "Label, BODY ,x,id\nl,b,ignored,1\n"),
              ElementsAre("1||b|l"));
  EXPECT_THAT(Read(TicketFormat::kCsv, "subject;text\r\n\"a;b\";\"c\nd\"\r\n"),
              ElementsAre("|a;b|c\nd|"));
  EXPECT_THAT(Read(TicketFormat::kTsv, "subject\tbody\na,b\tc;d\n"), ElementsAre("|a,b|c;d|"));
  EXPECT_THAT(Read(TicketFormat::kCsv,
                   "\xEF\xBB\xBF"
                   "body\nun\n"),
              ElementsAre("||un|"));
}

TEST(DatasetReaderTest, CsvRefusalsNameTheLine) {
  EXPECT_THAT(Read(TicketFormat::kCsv, "subject,body\n\"a\nb\",c,d\n,\ne,f\n"),
              ElementsAre(HasSubstr("in: line 2: 3 columns where the header has 2"),
                          HasSubstr("in: line 4: neither subject nor body"), "|e|f|"));
  EXPECT_THAT(Read(TicketFormat::kCsv, ""), ElementsAre(HasSubstr("in: no header row")));
  EXPECT_THAT(Read(TicketFormat::kCsv, "a,b\n"),
              ElementsAre(HasSubstr("no column is called subject, body or text")));
  EXPECT_THAT(Read(TicketFormat::kCsv, "body,Body\n"),
              ElementsAre(HasSubstr("two columns are called 'body'")));
}

TEST(DatasetReaderTest, MapsRenameColumnsAndKeys) {
  TicketReaderOptions options;
  const auto map = ParseColumnMap("body=Description,label=Catégorie");
  ASSERT_TRUE(map.ok());
  options.columns = *map;
  EXPECT_THAT(Read(TicketFormat::kCsv, "Catégorie,description,body\nl,d,other\n", options),
              ElementsAre("||d|l"));
  EXPECT_THAT(Read(TicketFormat::kJsonLines,
                   R"({"Description":"d","Catégorie":"l","text":"other"})", options),
              ElementsAre("||d|l"));
  EXPECT_THAT(Read(TicketFormat::kCsv, "body,label\nb,l\n", options),
              ElementsAre(HasSubstr("no column 'Description', to which 'body' is mapped; the "
                                    "columns are: body, label")));
}

TEST(DatasetReaderTest, ColumnMapsAreChecked) {
  EXPECT_TRUE(ParseColumnMap("")->empty());
  EXPECT_EQ(ParseColumnMap("id=a=b")->at("id"), "a=b");
  for (const char* bad : {"body", "body=", "corps=x", "body=a,body=b", "=x", ","}) {
    EXPECT_FALSE(ParseColumnMap(bad).ok()) << bad;
  }
  TicketReaderOptions options;
  options.columns = {{"corps", "x"}};
  EXPECT_FALSE(options.Validate().ok());
  options = {};
  options.max_record_bytes = 0;
  EXPECT_FALSE(options.Validate().ok());
}

TEST(DatasetReaderTest, EmptyRowsAreKeptWhenAskedFor) {
  TicketReaderOptions options;
  options.allow_empty = true;
  EXPECT_THAT(Read(TicketFormat::kText, "a\n\nb\n", options), ElementsAre("||a|", "|||", "||b|"));
  EXPECT_THAT(Read(TicketFormat::kCsv, "body,label\n,l\n", options), ElementsAre("|||l"));
}

TEST(DatasetReaderTest, LongLinesAreRefusedWhole) {
  TicketReaderOptions options;
  options.max_record_bytes = 10;
  EXPECT_THAT(Read(TicketFormat::kText, "0123456789\n01234567890\nfin\r\n0123456789\r\n", options),
              ElementsAre("||0123456789|", HasSubstr("in: line 2: longer than 10 bytes"), "||fin|",
                          "||0123456789|"));
  // Longer than the reader's own buffer.
  options.max_record_bytes = 200'000;
  const std::string text = std::string(150'000, 'a') + "\n" + std::string(300'000, 'b') + "\nfin";
  const auto rows = Read(TicketFormat::kText, text, options);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].size(), 150'003U);
  EXPECT_THAT(rows[1], HasSubstr("line 2: longer"));
}

TEST(DatasetReaderTest, Utf16IsReadInEveryFormat) {
  const auto utf16 = [](const std::string& ascii) {
    std::string bytes = "\xFF\xFE";
    for (const char c : ascii) bytes += {c, '\0'};
    return bytes;
  };
  EXPECT_THAT(Read(TicketFormat::kText, utf16("a\nb\n")), ElementsAre("||a|", "||b|"));
  EXPECT_THAT(Read(TicketFormat::kJsonLines, utf16("{\"body\":\"a\"}")), ElementsAre("||a|"));
  EXPECT_THAT(Read(TicketFormat::kCsv, utf16("body\tlabel\r\na\tb\r\n")), ElementsAre("||a|b"));
}

TEST(DatasetReaderTest, FormatsAreGuessedFromTheName) {
  EXPECT_EQ(GuessTicketFormat("a/b.jsonl"), TicketFormat::kJsonLines);
  EXPECT_EQ(GuessTicketFormat("b.csv"), TicketFormat::kCsv);
  EXPECT_EQ(GuessTicketFormat("b.tsv.gz"), TicketFormat::kTsv);
  EXPECT_EQ(GuessTicketFormat("b.txt"), TicketFormat::kText);
  EXPECT_EQ(GuessTicketFormat("-"), TicketFormat::kText);
  EXPECT_EQ(*ParseTicketFormat("jsonl"), TicketFormat::kJsonLines);
  EXPECT_FALSE(ParseTicketFormat("xml").ok());
}

void WriteFile(const std::filesystem::path& path, const std::string& contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

void WriteGzip(const std::filesystem::path& path, const std::string& contents) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, contents.data(), static_cast<unsigned>(contents.size()));
  gzclose(file);
}

TEST(DatasetReaderTest, FilesMayBeGzip) {
  const TempFolder folder;
  std::string csv = "subject,body,label\n";
  for (int i = 0; i < 5000; ++i) csv += "sujet " + std::to_string(i) + ",corps,l\n";
  WriteGzip(folder.path() / "t.csv.gz", csv);
  WriteFile(folder.path() / "t.csv", csv);
  const auto packed = ReadAllTickets(folder.path() / "t.csv.gz", {}, 10'000);
  const auto plain = ReadAllTickets(folder.path() / "t.csv", {}, 5000);
  ASSERT_TRUE(packed.ok()) << packed.status();
  ASSERT_TRUE(plain.ok()) << plain.status();
  ASSERT_EQ(packed->size(), 5000U);
  EXPECT_EQ(packed->back().subject, plain->back().subject);
  EXPECT_TRUE(
      absl::IsResourceExhausted(ReadAllTickets(folder.path() / "t.csv", {}, 4999).status()));
}

TEST(DatasetReaderTest, BrokenFilesAreRefused) {
  const TempFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ReadAllTickets(folder.path() / "none.csv", {}, 10).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadAllTickets(folder.path(), {}, 10).status()));
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "ligne " + std::to_string(i * 7919) + "\n";
  const auto path = folder.path() / "cut.txt.gz";
  WriteGzip(path, text);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto tickets = ReadAllTickets(path, {}, 100'000);
  EXPECT_TRUE(absl::IsDataLoss(tickets.status())) << tickets.status();
  EXPECT_THAT(std::string(tickets.status().message()), HasSubstr("cut.txt.gz"));
}

TEST(DatasetReaderTest, ReadsTheSharedPressTopics) {
  const auto path = SharedData("data/press-topics-valid.tsv.gz");
  if (!path) GTEST_SKIP() << "the shared data is absent";
  TicketReaderOptions options;
  options.columns = {{"subject", "title"}, {"body", "heading"}};
  const auto tickets = ReadAllTickets(*path, options, 100'000);
  ASSERT_TRUE(tickets.ok()) << tickets.status();
  EXPECT_EQ(tickets->size(), 2640U);
  EXPECT_EQ(tickets->front().label, "france");
}

}  // namespace
}  // namespace guichet
