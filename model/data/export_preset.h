#pragma once

#include <span>
#include <string_view>

#include "absl/status/statusor.h"

namespace guichet {

// Helpdesks whose exports are read without a column map.
enum class ExportPreset { kNone, kGlpi, kZammad, kJira };

// "glpi", "zammad" or "jira"; empty: none.
absl::StatusOr<ExportPreset> ParseExportPreset(std::string_view name);
std::string_view NameOf(ExportPreset preset);

// The columns of an export that may hold one of id, subject, body and label, the best one first:
// the first that the file has is taken. In JSON a dot leads into an object and a number into a
// list. Empty without a preset.
std::span<const std::string_view> PresetColumns(ExportPreset preset, std::string_view field);

// Whether the export's texts may be HTML, or text whose special characters are written as HTML
// writes them.
bool HoldsHtml(ExportPreset preset);

}  // namespace guichet
