#include "model/data/export_preset.h"

#include <array>

#include <fmt/format.h>

namespace guichet {
namespace {

using Names = std::span<const std::string_view>;

struct PresetFields {
  Names id;
  Names subject;
  Names body;
  Names label;
};

// GLPI writes the names of a search's columns in the user's language: those of the ticket's search
// options 2 (ID), 1 (title), 21 (description), 7 (category), 8 (technician group) as its locales
// fr_FR and en_GB have them. GLPI 11 may put a group's name before (src/Glpi/Search/Output).
// Fields are parted by the user's delimiter, ";" at first, behind a UTF-8 mark. Versions up to 9.5
// write texts with HTML's special characters escaped.
constexpr std::array<std::string_view, 1> kGlpiId = {"ID"};
constexpr std::array<std::string_view, 4> kGlpiSubject = {
    "Titre", "Title", "Caractéristiques - Titre", "Characteristics - Title"};
constexpr std::array<std::string_view, 4> kGlpiBody = {
    "Description", "Contenu", "Caractéristiques - Description", "Characteristics - Description"};
constexpr std::array<std::string_view, 10> kGlpiLabel = {"Catégorie",
                                                         "Category",
                                                         "Catégorie ITIL",
                                                         "ITIL category",
                                                         "Caractéristiques - Catégorie",
                                                         "Characteristics - Category",
                                                         "Groupe de techniciens",
                                                         "Technician group",
                                                         "Attribué à - Groupe de techniciens",
                                                         "Assigned to - Technician group"};

// Zammad's REST API with expand=true (docs.zammad.org, Tickets and Articles) has number, title,
// group and, per article, body; its reports' sheets (lib/excel_sheet/ticket.rb) head the columns
// "#", "Title" and "Group", and hold no article.
constexpr std::array<std::string_view, 4> kZammadId = {"number", "#", "ticket.number", "id"};
constexpr std::array<std::string_view, 3> kZammadSubject = {"title", "ticket.title", "Titre"};
constexpr std::array<std::string_view, 5> kZammadBody = {"article.body", "articles.0.body",
                                                         "ticket.article.body", "body", "Article"};
constexpr std::array<std::string_view, 5> kZammadLabel = {"group", "group.name", "ticket.group",
                                                          "ticket.group.name", "Groupe"};

// Jira's "Export Excel CSV" heads system fields "Issue key", "Summary", "Description" and
// "Component/s" (Server) or "Components" (Cloud), custom fields "Custom field (NAME)", in French
// "Clé de ticket", "Résumé", "Champs personnalisés (NAME)"; a field of several values takes as many
// columns of one name. The request type of Jira Service Management is a custom field, called
// "Customer Request Type" in older versions.
constexpr std::array<std::string_view, 5> kJiraId = {"Issue key", "Key", "Clé de ticket", "Clé",
                                                     "Issue id"};
constexpr std::array<std::string_view, 2> kJiraSubject = {"Summary", "Résumé"};
constexpr std::array<std::string_view, 1> kJiraBody = {"Description"};
constexpr std::array<std::string_view, 12> kJiraLabel = {"Request Type",
                                                         "Custom field (Request Type)",
                                                         "Customer Request Type",
                                                         "Custom field (Customer Request Type)",
                                                         "Type de demande",
                                                         "Champs personnalisés (Type de demande)",
                                                         "Champs personnalisés (Request Type)",
                                                         "Component/s",
                                                         "Components",
                                                         "Component",
                                                         "Composants",
                                                         "Composant(s)"};

PresetFields FieldsOf(ExportPreset preset) {
  switch (preset) {
    case ExportPreset::kGlpi:
      return {kGlpiId, kGlpiSubject, kGlpiBody, kGlpiLabel};
    case ExportPreset::kZammad:
      return {kZammadId, kZammadSubject, kZammadBody, kZammadLabel};
    case ExportPreset::kJira:
      return {kJiraId, kJiraSubject, kJiraBody, kJiraLabel};
    case ExportPreset::kNone:
      break;
  }
  return {};
}

}  // namespace

absl::StatusOr<ExportPreset> ParseExportPreset(std::string_view name) {
  for (const ExportPreset preset :
       {ExportPreset::kNone, ExportPreset::kGlpi, ExportPreset::kZammad, ExportPreset::kJira}) {
    if (name == NameOf(preset)) return preset;
  }
  return absl::InvalidArgumentError(
      fmt::format("unknown preset '{}'; the presets are glpi, zammad and jira", name));
}

std::string_view NameOf(ExportPreset preset) {
  switch (preset) {
    case ExportPreset::kGlpi:
      return "glpi";
    case ExportPreset::kZammad:
      return "zammad";
    case ExportPreset::kJira:
      return "jira";
    case ExportPreset::kNone:
      break;
  }
  return "";
}

std::span<const std::string_view> PresetColumns(ExportPreset preset, std::string_view field) {
  const PresetFields fields = FieldsOf(preset);
  if (field == "id") return fields.id;
  if (field == "subject") return fields.subject;
  if (field == "body") return fields.body;
  return fields.label;
}

bool HoldsHtml(ExportPreset preset) {
  return preset == ExportPreset::kGlpi || preset == ExportPreset::kZammad;
}

}  // namespace guichet
