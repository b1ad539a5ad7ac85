#include "model/data/export_preset.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/data/dataset_form.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kExports = std::string(GUICHET_SOURCE_DIR) + "/tests/data/exports/";

// "id|subject|body|label" of each ticket; refusals as "! message".
std::vector<std::string> Rows(absl::StatusOr<std::unique_ptr<TicketReader>> reader) {
  if (!reader.ok()) return {"! " + std::string(reader.status().message())};
  std::vector<std::string> rows;
  while (true) {
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

std::vector<std::string> RowsOfFile(const std::string& name, const DatasetForm& form) {
  const auto options = ToReaderOptions(form);
  if (!options.ok()) return {"! " + std::string(options.status().message())};
  return Rows(OpenTicketReader(kExports + name, *options));
}

std::vector<std::string> RowsOfText(const std::string& text, const DatasetForm& form) {
  std::istringstream stream(text);
  return Rows(OpenTicketReader(MakeStreamSource(stream), "in", *ToReaderOptions(form)));
}

const char* const kVpn = "VPN coupé|Bonjour,\nle VPN se coupe toutes les dix minutes.\nMerci|";
const char* const kPrinter =
    "Imprimante à l'arrêt|L'imprimante du 2e étage n'imprime plus : « bourrage papier » ; coût 30 "
    "€|";
const char* const kPassword =
    "Mot de passe oublié|Je n'ai plus accès à ma session œuvre-01 & j'attends.|";

TEST(ExportPresetTest, GlpiIsReadInFrenchAndInEnglish) {
  for (const char* name : {"glpi_fr.csv", "glpi_en.csv"}) {
    EXPECT_THAT(RowsOfFile(name, {.preset = "glpi"}),
                ElementsAre(std::string("101|") + kVpn + "Réseau > VPN",
                            std::string("102|") + kPrinter + "Matériel > Impression",
                            std::string("103|") + kPassword + "Comptes"))
        << name;
  }
}

TEST(ExportPresetTest, ZammadIsReadFromJsonAndCsv) {
  EXPECT_THAT(RowsOfFile("zammad.json", {.preset = "zammad"}),
              ElementsAre(std::string("101|") + kVpn + "Réseau",
                          std::string("102|") + kPrinter + "Matériel",
                          std::string("103|") + kPassword + "Comptes"));
  EXPECT_THAT(RowsOfFile("zammad.csv", {.preset = "zammad"}),
              ElementsAre("101|VPN coupé||Réseau", "102|Imprimante à l'arrêt||Matériel",
                          "103|Mot de passe oublié||Comptes"));
}

TEST(ExportPresetTest, JiraRepeatsColumns) {
  const std::string second = std::string("IT-102|") + kPrinter;
  EXPECT_EQ(RowsOfFile("jira.csv", {.preset = "jira"}).at(1), second + "Matériel > Impression");
  EXPECT_EQ(RowsOfFile("jira_fr.csv", {.preset = "jira"}).at(1), second + "Matériel > Impression");
  // A map comes before the preset's order; of columns of one name the first filled one counts.
  EXPECT_EQ(RowsOfFile("jira.csv", {.columns = "label=Component/s", .preset = "jira"}).at(1),
            second + "Poste");
  EXPECT_THAT(RowsOfFile("jira.csv", {.columns = "label=Component/s,body=Description"}),
              ElementsAre(HasSubstr("two columns are called 'Component/s'")));
}

TEST(ExportPresetTest, JiraMayRepeatAColumnThousandsOfTimes) {
  std::string csv = "Summary,Components";
  for (int i = 0; i < 3000; ++i) csv += ",Comment";
  csv += "\nvpn,poste" + std::string(3000, ',') + "\n";
  EXPECT_THAT(RowsOfText(csv, {.format = "csv", .preset = "jira"}), ElementsAre("|vpn||poste"));
  EXPECT_THAT(RowsOfText(csv, {.format = "csv"}), ElementsAre(HasSubstr("more than 1000 columns")));
}

TEST(ExportPresetTest, ExcelFilesNeedNoOption) {
  const auto rows = ElementsAre(std::string("101|") + kVpn + "Réseau > VPN",
                                std::string("102|") + kPrinter + "Matériel > Impression",
                                std::string("103|") + kPassword + "Comptes");
  EXPECT_THAT(RowsOfFile("excel_fr.csv", {}), rows);
  EXPECT_THAT(RowsOfFile("excel_unicode.tsv", {}), rows);
  EXPECT_THAT(RowsOfFile("excel_fr.csv", {.encoding = "windows-1252"}), rows);
  EXPECT_THAT(RowsOfFile("excel_fr.csv", {.encoding = "utf-8"}).at(0), HasSubstr("not UTF-8"));
}

TEST(ExportPresetTest, TheBestLabelColumnIsTaken) {
  EXPECT_THAT(RowsOfText("Summary;Components;Request Type\nvpn;poste;accès\n",
                         {.format = "csv", .preset = "jira"}),
              ElementsAre("|vpn||accès"));
  EXPECT_THAT(
      RowsOfText("Titre;Groupe de techniciens\nvpn;N2\n", {.format = "csv", .preset = "glpi"}),
      ElementsAre("|vpn||N2"));
}

TEST(ExportPresetTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(RowsOfText("Statut;Catégorie\nx;y\n", {.format = "csv", .preset = "glpi"}),
              ElementsAre(HasSubstr("no column is called Titre, Title, ")));
  EXPECT_THAT(
      RowsOfText("Summary\nx\n", {.format = "csv", .columns = "label=Team", .preset = "jira"}),
      ElementsAre(HasSubstr("no column 'Team', to which 'label' is mapped")));
  EXPECT_THAT(std::string(ParseExportPreset("osticket").status().message()),
              HasSubstr("glpi, zammad and jira"));
}

TEST(ExportPresetTest, DotsAndNumbersLeadIntoJson) {
  const DatasetForm zammad = {.format = "jsonl", .preset = "zammad"};
  EXPECT_THAT(RowsOfText(R"({"number":"7","title":"t","articles":[{"body":"b"},{"body":"c"}],)"
                         R"("group":{"name":"g"}})"
                         "\n",
                         zammad),
              ElementsAre("7|t|b|g"));
  EXPECT_THAT(
      RowsOfText(R"({"number":7,"title":"t","articles":[{"body":"b"}],"group":"g"})", zammad),
      ElementsAre("7|t|b|g"));
  EXPECT_THAT(RowsOfText(R"({"a":{"b":"deep"},"article.body":"flat"})",
                         {.format = "jsonl", .columns = "body=a.b"}),
              ElementsAre("||deep|"));
}

}  // namespace
}  // namespace guichet
