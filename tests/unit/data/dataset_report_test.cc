#include "model/data/dataset_report.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/data/ticket_generator.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

absl::StatusOr<DatasetReport> Report(const std::string& csv,
                                     const DatasetReportOptions& options = {}) {
  std::istringstream stream(csv);
  TicketReaderOptions reading;
  reading.format = TicketFormat::kCsv;
  reading.allow_empty = true;
  auto reader = OpenTicketReader(MakeStreamSource(stream), "x.csv", reading);
  if (!reader.ok()) return reader.status();
  return ReportDataset(**reader, options);
}

const DatasetFinding* Find(const DatasetReport& report, std::string_view code) {
  const auto found = std::ranges::find(report.findings, code, &DatasetFinding::code);
  return found == report.findings.end() ? nullptr : &*found;
}

TEST(DatasetReportTest, FindsEveryPlantedFault) {
  DatasetReportOptions options;
  options.min_rows_per_label = 2;
  options.long_characters = 40;
  const auto report = Report(
      "body,label\n"
      "plus de réseau,Réseau\n"                                  // 2
      "plus de réseau,Réseau\n"                                  // 3 exact duplicate
      "PLUS DE RESEAU !,reseau\n"                                // 4 near, conflicting, variant
      ",Réseau\n"                                                // 5 empty
      "trop,de,colonnes\n"                                       // 6 invalid
      "écran noir,Matériel \n"                                   // 7 edge space, rare
      "souris,\n"                                                // 8 unlabelled
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,Réseau\n",  // 9 long
      options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rows, 7);
  EXPECT_THAT(report->labels,
              ElementsAre(Pair("Réseau", 4), Pair("Matériel ", 1), Pair("reseau", 1)));
  const auto expect_lines = [&](std::string_view code, std::vector<std::int64_t> lines) {
    const DatasetFinding* finding = Find(*report, code);
    ASSERT_NE(finding, nullptr) << code;
    EXPECT_EQ(finding->lines, lines) << code;
    EXPECT_EQ(finding->count, static_cast<std::int64_t>(lines.size())) << code;
  };
  expect_lines("exact_duplicates", {3});
  expect_lines("near_duplicates", {4});
  expect_lines("conflicting_duplicates", {4});
  expect_lines("empty_rows", {5});
  expect_lines("invalid_rows", {6});
  expect_lines("unlabelled_rows", {8});
  expect_lines("long_rows", {9});
  EXPECT_THAT(Find(*report, "invalid_rows")->details[0], HasSubstr("line 6"));
  EXPECT_THAT(Find(*report, "label_variants")->details, ElementsAre("'Réseau', 'reseau'"));
  EXPECT_THAT(Find(*report, "label_whitespace")->details, ElementsAre("'Matériel ': 1 rows"));
  EXPECT_EQ(Find(*report, "rare_labels")->count, 2);
  EXPECT_TRUE(report->has_errors());
  EXPECT_EQ(report->findings.front().severity, FindingSeverity::kError);
  EXPECT_EQ(report->findings.back().severity, FindingSeverity::kWarning);
}

TEST(DatasetReportTest, CleanDataHasNoFindings) {
  std::string csv = "body,label\n";
  for (int i = 0; i < 40; ++i) {
    csv += "texte numéro " + std::to_string(i) + (i % 2 == 0 ? ",a\n" : ",b\n");
  }
  const auto report = Report(csv);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->findings.empty()) << ToJson(*report);
  EXPECT_FALSE(report->has_errors());
  EXPECT_EQ(report->characters.longest, 15);
  EXPECT_EQ(report->characters.median, 15);
  EXPECT_NEAR(report->characters.mean, 14.75, 1e-12);
}

TEST(DatasetReportTest, LineNumbersAreCappedButCounted) {
  std::string csv = "body,label\n";
  for (int i = 0; i < 100; ++i) csv += "pareil,a\n";
  DatasetReportOptions options;
  options.max_lines = 3;
  const auto report = Report(csv, options);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Find(*report, "exact_duplicates")->lines, ElementsAre(3, 4, 5));
  EXPECT_EQ(Find(*report, "exact_duplicates")->count, 99);
  EXPECT_NE(Find(*report, "single_label"), nullptr);
}

TEST(DatasetReportTest, RowsAreBounded) {
  DatasetReportOptions options;
  options.max_rows = 1;
  EXPECT_TRUE(Report("body\na\n", options).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Report("body\na\nb\n", options).status()));
  options.max_rows = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Report("body\na\n", options).status()));
}

TEST(DatasetReportTest, JsonHoldsTheFindings) {
  const auto report = Report("body,label\nun,a\nUN !,b\n");
  ASSERT_TRUE(report.ok());
  const auto json = nlohmann::json::parse(ToJson(*report));
  EXPECT_EQ(json["rows"], 2);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["labels"][0]["label"], "a");
  EXPECT_EQ(json["findings"][0]["code"], "conflicting_duplicates");
  EXPECT_EQ(json["findings"][0]["severity"], "error");
  EXPECT_EQ(json["findings"][0]["lines"], nlohmann::json({3}));
}

}  // namespace
}  // namespace guichet
