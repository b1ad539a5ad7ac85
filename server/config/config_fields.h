#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/config/server_config.h"

namespace guichet {

// One key of the configuration. The YAML file, flags, environment variables, --help and
// --print-default-config are all made from this.
struct ConfigField {
  std::string_view section;
  std::string_view key;
  std::string_view doc;  // meaning, in a sentence or two
  std::string range;     // what values may be, for people
  bool is_text = false;  // any characters, so that YAML needs quotes
  // Reads a value from text and stores it. INVALID_ARGUMENT says why not; nothing is stored then.
  std::function<absl::Status(ServerConfig&, std::string_view)> set;
  std::function<std::string(const ServerConfig&)> get;  // as `set` reads it
  // INVALID_ARGUMENT: the value in the struct is out of range.
  std::function<absl::Status(const ServerConfig&)> check;

  std::string path() const { return std::string(section) + "." + std::string(key); }
  // GUICHET_SECTION_KEY
  std::string environment_variable() const;
};

// What a section is about.
struct ConfigSection {
  std::string_view name;
  std::string_view doc;
};

// In the order of the printed file. Built once; safe from any thread.
std::span<const ConfigSection> ConfigSections();
std::span<const ConfigField> ConfigFields();

// nullptr when there is no such key.
const ConfigField* FindConfigField(std::string_view section, std::string_view key);

// The known path (section.key) nearest in spelling, or "" when none is near: for messages.
std::string NearestConfigPath(std::string_view path);

}  // namespace guichet
