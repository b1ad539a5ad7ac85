// The configuration described for people: --print-default-config and --help.

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "server/config/config_fields.h"
#include "server/config/load_server_config.h"

namespace guichet {
namespace {

constexpr std::size_t kLineWidth = 100;

// The words of a text in lines of at most kLineWidth, each behind `indent`.
std::string Wrap(std::string_view text, std::string_view indent) {
  std::string wrapped;
  std::string line(indent);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const bool first = line.size() == indent.size();
    if (!first && line.size() + 1 + word.size() > kLineWidth) {
      wrapped += line + "\n";
      line = indent;
    } else if (!first) {
      line += ' ';
    }
    line += word;
  }
  return wrapped + line + "\n";
}

std::string Quoted(std::string_view value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// Texts are quoted, since a plain 0.0.0.0:50051 or an empty one could be read as something else.
std::string YamlValue(const ConfigField& field, const ServerConfig& config) {
  const std::string value = field.get(config);
  return field.is_text ? Quoted(value) : value;
}

constexpr std::string_view kPrologue =
    "The configuration of guichet-server with every key at its default. A key left out keeps its "
    "default. Each key can also be set by an environment variable, GUICHET_SECTION_KEY, and by a "
    "flag, --section.key VALUE: flags win over variables, variables over the file. Durations are "
    "whole numbers with us, ms, s, m or h; sizes in bytes may have KiB, MiB or GiB.";

constexpr std::string_view kUsage =
    "Usage: guichet-server --config FILE.yaml [--section.key VALUE ...]\n"
    "\n"
    "Serves a bundle over gRPC until SIGTERM, then drains.\n"
    "\n"
    "  --config FILE            the YAML configuration; also GUICHET_CONFIG\n"
    "  --check-config           reports every mistake of the configuration and ends: 0 when there "
    "is none\n"
    "  --print-default-config   prints a configuration file with every key explained, and ends\n"
    "  --version, --help\n"
    "\n"
    "Every key of the file is also a flag and an environment variable, GUICHET_SECTION_KEY. Flags "
    "win over\nvariables, variables over the file.\n";

}  // namespace

std::string DefaultConfigYaml() {
  const ServerConfig defaults;
  std::string yaml = Wrap(kPrologue, "# ");
  for (const ConfigSection& section : ConfigSections()) {
    yaml += fmt::format("\n{}{}:\n", Wrap(section.doc, "# "), section.name);
    for (const ConfigField& field : ConfigFields()) {
      if (field.section != section.name) continue;
      yaml += Wrap(fmt::format("{} ({})", field.doc, field.range), "  # ");
      yaml += fmt::format("  {}: {}\n", field.key, YamlValue(field, defaults));
    }
  }
  return yaml;
}

std::string ServerHelp() {
  const ServerConfig defaults;
  std::string help(kUsage);
  for (const ConfigSection& section : ConfigSections()) {
    help += fmt::format("\n{}", Wrap(section.doc, ""));
    for (const ConfigField& field : ConfigFields()) {
      if (field.section != section.name) continue;
      help += fmt::format("  --{} {}\n", field.path(), YamlValue(field, defaults));
      help += Wrap(fmt::format("{} ({})", field.doc, field.range), "      ");
    }
  }
  return help;
}

}  // namespace guichet
