#include "server/config/config_fields.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "server/config/config_table.h"

namespace guichet {
namespace {

// Levenshtein's distance.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string ConfigField::environment_variable() const {
  std::string name = "GUICHET_" + std::string(section) + "_" + std::string(key);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

std::span<const ConfigField> ConfigFields() {
  static const std::vector<ConfigField> fields = ConfigTable();
  return fields;
}

const ConfigField* FindConfigField(std::string_view section, std::string_view key) {
  for (const ConfigField& field : ConfigFields()) {
    if (field.section == section && field.key == key) return &field;
  }
  return nullptr;
}

std::string NearestConfigPath(std::string_view path) {
  constexpr std::size_t kMaxLength = 100;  // of what is compared
  std::string nearest;
  std::size_t best = std::min(path.size(), kMaxLength) / 3 + 1;
  for (const ConfigField& field : ConfigFields()) {
    const std::size_t distance = EditDistance(path.substr(0, kMaxLength), field.path());
    if (distance < best) {
      best = distance;
      nearest = field.path();
    }
  }
  return nearest;
}

}  // namespace guichet
