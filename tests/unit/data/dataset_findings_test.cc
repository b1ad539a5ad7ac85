#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/data/dataset_report.h"
#include "model/data/label_census.h"
#include "model/data/length_counter.h"
#include "model/data/mojibake.h"

// Findings beyond those of dataset_report_test.cc.

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

DatasetReport Report(const std::string& text, DatasetReportOptions options = {},
                     TicketFormat format = TicketFormat::kCsv) {
  std::istringstream stream(text);
  TicketReaderOptions reading;
  reading.format = format;
  reading.allow_empty = true;
  auto reader = OpenTicketReader(MakeStreamSource(stream), "x", reading);
  EXPECT_TRUE(reader.ok()) << reader.status();
  options.min_rows_per_label = 1;
  auto report = ReportDataset(**reader, options);
  EXPECT_TRUE(report.ok()) << report.status();
  return *std::move(report);
}

const DatasetFinding& Find(const DatasetReport& report, std::string_view code) {
  static const DatasetFinding kNone;
  const auto found = std::ranges::find(report.findings, code, &DatasetFinding::code);
  EXPECT_NE(found, report.findings.end()) << code << " is not in " << ToJson(report);
  return found == report.findings.end() ? kNone : *found;
}

bool Has(const DatasetReport& report, std::string_view code) {
  return std::ranges::find(report.findings, code, &DatasetFinding::code) != report.findings.end();
}

std::string Words(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "mot" + std::to_string(i) + " ";
  return text;
}

TEST(DatasetFindingsTest, NearDuplicatesShareMostWordPairs) {
  const auto report = Report("body,label\n" + Words(0, 40) + ",a\n" +  // 2
                             "Bonjour " + Words(0, 40) + ",b\n" +      // 3, near, no conflict
                             Words(20, 60) + ",a\n" +                  // 4
                             Words(0, 40) + "!,b\n");                  // 5, near and conflicting
  EXPECT_THAT(Find(report, "near_duplicates").lines, ElementsAre(3, 5));
  EXPECT_THAT(Find(report, "conflicting_duplicates").lines, ElementsAre(5));
}

TEST(DatasetFindingsTest, FewConflictsAmongManyRowsAreOnlyAWarning) {
  const auto report_of = [](int rows) {
    std::string csv = "body,label\nÉcran noir,a\necran NOIR !,b\n";
    for (int i = 2; i < rows; ++i) csv += "texte " + std::to_string(i) + (i % 2 ? ",a\n" : ",b\n");
    return Report(csv);
  };
  const auto excused = report_of(100);  // one in a hundred
  EXPECT_EQ(Find(excused, "conflicting_duplicates").severity, FindingSeverity::kWarning);
  EXPECT_THAT(Find(excused, "conflicting_duplicates").lines, ElementsAre(3));
  EXPECT_FALSE(excused.has_errors()) << ToJson(excused);
  const auto refused = report_of(99);
  EXPECT_EQ(Find(refused, "conflicting_duplicates").severity, FindingSeverity::kError);
  EXPECT_TRUE(refused.has_errors());
}

TEST(DatasetFindingsTest, MojibakeIsFoundByLine) {
  const auto report =
      Report("body,label\nrÃ©seau coupÃ©,a\nréseau À côté,b\nlâ€™Ã©cran,a\nperdu \uFFFD,b\n");
  EXPECT_THAT(Find(report, "mojibake").lines, ElementsAre(2, 4, 5));
  EXPECT_EQ(Find(report, "mojibake").severity, FindingSeverity::kWarning);
  for (const char* right : {"à", "Âge", "« Ça »", "ÂTRE", "naïve â", "10 °C", "ligne\n"}) {
    EXPECT_FALSE(HasMojibake(right)) << right;
  }
  EXPECT_TRUE(HasMojibake("Ã\u00A0 demain"));  // à
}

TEST(DatasetFindingsTest, PersonalDataIsTellingWhereAndNeverWhat) {
  const std::string email = "jean.dupont@exemple.fr";
  const std::string iban = "FR76 3000 6000 0112 3456 7890 189";
  std::string csv = "id,subject,body,label\n";
  csv += "1,appel de " + email + "," + email + " et " + email + ",a\n";  // 2
  csv += "2,rien,au 01 23 45 67 89 sur 10.1.2.3,b\n";                    // 3
  csv += "3,compte,\"" + iban + "\",a\n";                                // 4
  csv += "4,paie,2 55 08 14 168 025 38," + email + "\n";                 // 5: its label, too
  csv += "5,trop,de,colonnes," + email + "\n";                           // 6: cannot be read
  const auto report = Report(csv);
  EXPECT_THAT(Find(report, "personal_email").lines, ElementsAre(2, 5));
  EXPECT_THAT(
      Find(report, "personal_email").details,
      ElementsAre("line 2: 1 in the subject", "line 2: 2 in the body", "line 5: 1 in the label"));
  EXPECT_THAT(Find(report, "personal_phone").lines, ElementsAre(3));
  EXPECT_THAT(Find(report, "personal_ip").lines, ElementsAre(3));
  EXPECT_THAT(Find(report, "personal_iban").lines, ElementsAre(4));
  EXPECT_THAT(Find(report, "personal_nir").lines, ElementsAre(5));
  EXPECT_EQ(Find(report, "invalid_rows").count, 1);
  const std::string json = ToJson(report);
  EXPECT_THAT(json, Not(HasSubstr("dupont")));
  EXPECT_THAT(json, Not(HasSubstr("3000 6000")));
  EXPECT_THAT(json, Not(HasSubstr("23 45")));
  EXPECT_THAT(json, HasSubstr("[email]"));  // the label's name
}

TEST(DatasetFindingsTest, ParsersQuoteNoTicket) {
  const auto report =
      Report("{\"body\":\"jean@exemple.fr\" oups}\n{\"body\":\"b\",\"label\":\"l\"}\n", {},
             TicketFormat::kJsonLines);
  EXPECT_THAT(Find(report, "invalid_rows").lines, ElementsAre(1));
  EXPECT_THAT(ToJson(report), Not(HasSubstr("exemple")));
  EXPECT_THAT(ToJson(report), Not(HasSubstr("oups")));
}

TEST(DatasetFindingsTest, ExamplesAreBoundedAndTotalsExact) {
  std::string csv = "body,label\n";
  for (int i = 0; i < 500; ++i)
    csv += "a" + std::to_string(i) + "@b.fr Ã©,l" + std::to_string(i) + "\n";
  DatasetReportOptions options;
  options.max_lines = 5;
  options.max_labels = 300;
  const auto report = Report(csv, options);
  for (const char* code : {"personal_email", "mojibake"}) {
    EXPECT_EQ(Find(report, code).count, 500) << code;
    EXPECT_EQ(Find(report, code).lines.size(), 5U) << code;
    EXPECT_LE(Find(report, code).details.size(), 5U) << code;
  }
  EXPECT_EQ(Find(report, "too_many_labels").count, 200);
  EXPECT_EQ(Find(report, "too_many_labels").severity, FindingSeverity::kError);
  EXPECT_EQ(report.labels.size(), 300U);
  EXPECT_EQ(report.rows, 500);
}

TEST(DatasetFindingsTest, LabelsOneLetterApartAreToldOnce) {
  const auto report = Report(
      "body,label\nun,Imprimante\ndeux,Imprimantes\ntrois,imprimante\nquatre,Niveau 1\n"
      "cinq,Niveau 2\nsix,VPN\nsept,VPX\n");
  EXPECT_THAT(Find(report, "similar_labels").details, ElementsAre("'Imprimante', 'Imprimantes'"));
  EXPECT_EQ(Find(report, "similar_labels").count, 1);
  EXPECT_THAT(Find(report, "label_variants").details, ElementsAre("'Imprimante', 'imprimante'"));
}

TEST(LabelCensusTest, LookalikesAreThoseOfOneEdit) {
  LabelCensus census(100);
  for (const char* label : {"réseau", "reseaux", "resau", "rezeau", "tablette", "tablettes 2"}) {
    census.Add(label);
  }
  const auto [pairs, total] = census.Lookalikes(2);
  EXPECT_EQ(total, 3);  // réseau with each of the next three
  EXPECT_EQ(pairs.size(), 2U);
}

TEST(DatasetFindingsTest, LabelsAModelDoesNotKnowAreTold) {
  DatasetReportOptions options;
  options.known_labels = {"a", "b"};
  const auto report = Report("body,label\nun,a\ndeux,c\ntrois,\n", options);
  EXPECT_THAT(Find(report, "unknown_labels").lines, ElementsAre(3));
  EXPECT_THAT(Find(report, "unknown_labels").details, ElementsAre("line 3: 'c'"));
  EXPECT_FALSE(Has(Report("body,label\nun,a\ndeux,c\n"), "unknown_labels"));
}

TEST(DatasetFindingsTest, NoBreakSpacesAroundLabelsCount) {
  const auto report = Report("body,label\nun,a\u00A0\ndeux,b\n");
  EXPECT_EQ(Find(report, "label_whitespace").count, 1);
}

TEST(DatasetFindingsTest, ComparisonsHaveABoundThatIsTold) {
  std::string csv = "body,label\n";
  for (int i = 0; i < 20; ++i) csv += "texte" + std::to_string(i) + ",a\n";
  csv += "texte3,a\ntexte15,b\n";  // lines 22 and 23
  DatasetReportOptions options;
  options.duplicates = {.max_texts = 10, .max_near_texts = 5};
  const auto report = Report(csv, options);
  EXPECT_THAT(Find(report, "exact_duplicates").lines, ElementsAre(22));
  const DatasetFinding& unchecked = Find(report, "duplicates_unchecked");
  EXPECT_EQ(unchecked.count, 16);  // of 21 distinct rows behind the first 5; texte15 counts twice
  EXPECT_THAT(unchecked.message, HasSubstr("first 10 distinct texts"));
  EXPECT_THAT(unchecked.message, HasSubstr("the first 5"));
}

TEST(DatasetFindingsTest, TheEncodingIsTold) {
  EXPECT_EQ(Report("body,label\nr\xE9seau,a\n").encoding, "windows-1252");
  EXPECT_EQ(Report("body,label\nréseau,a\n").encoding, "utf-8");
  EXPECT_EQ(nlohmann::json::parse(ToJson(Report("body,label\nr\xE9seau,a\n")))["encoding"],
            "windows-1252");
}

TEST(LengthCounterTest, LongTextsCountAsTheLongest) {
  LengthCounter counter;
  for (int i = 1; i <= 100; ++i) counter.Add(i);
  EXPECT_EQ(counter.Summarize().median, 50);
  EXPECT_EQ(counter.Summarize().p95, 95);
  for (int i = 0; i < 900; ++i) counter.Add(1'000'000);
  EXPECT_EQ(counter.Summarize().median, 1'000'000);
  EXPECT_EQ(counter.Summarize().longest, 1'000'000);
  EXPECT_NEAR(counter.Summarize().mean, 900'005.05, 0.01);
}

}  // namespace
}  // namespace guichet
