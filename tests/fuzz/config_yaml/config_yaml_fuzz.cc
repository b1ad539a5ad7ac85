// Any bytes as a configuration file: never a crash, and what was set reads back as it is written.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/config/config_yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const guichet::ConfigSource source = guichet::ParseConfigYaml(text, "fuzz.yaml");
  for (const guichet::ConfigAssignment& assignment : source.assignments) {
    guichet::ServerConfig config;
    if (!assignment.field->set(config, assignment.value).ok()) continue;
    const std::string written = assignment.field->get(config);
    guichet::ServerConfig again;
    if (!assignment.field->set(again, written).ok()) std::abort();
    if (assignment.field->get(again) != written) std::abort();
  }
  return 0;
}
