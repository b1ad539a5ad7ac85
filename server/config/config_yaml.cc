#include "server/config/config_yaml.h"

#include <exception>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace guichet {
namespace {

// Reads over a document.
class SkippedDocument final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// Whether anything follows the first document. YAML::LoadAll would tell too, but it never ends
// where text that is no document follows one.
bool MoreFollows(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  SkippedDocument first;
  parser.HandleNextDocument(first);
  return static_cast<bool>(parser);
}

// Turns one document into assignments.
class DocumentReader {
 public:
  DocumentReader(const std::string& name, ConfigSource& source) : name_(name), source_(source) {}

  void Read(const YAML::Node& root) {
    if (root.IsNull()) return;  // an empty file: all defaults
    if (!root.IsMap()) {
      Error(root, "the file must hold sections, as in 'pipeline:' with its keys indented below");
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : root) ReadSection(entry.first, entry.second, seen);
  }

 private:
  void ReadSection(const YAML::Node& name, const YAML::Node& keys, std::set<std::string>& seen) {
    if (!name.IsScalar()) return Error(name, "a section's name must be plain");
    const std::string& section = name.Scalar();
    if (!IsSection(section)) return Unknown(name, section);
    if (!seen.insert(section).second) return Error(name, section + " stands there twice");
    if (keys.IsNull()) return;
    if (!keys.IsMap()) return Error(keys, section + " must hold keys with values");
    for (const auto& entry : keys) ReadKey(section, entry.first, entry.second, seen);
  }

  void ReadKey(const std::string& section, const YAML::Node& name, const YAML::Node& value,
               std::set<std::string>& seen) {
    if (!name.IsScalar()) return Error(name, "a key must be plain");
    const std::string path = section + "." + name.Scalar();
    const ConfigField* const field = FindConfigField(section, name.Scalar());
    if (field == nullptr) return Unknown(name, path);
    if (!seen.insert(path).second) return Error(name, path + " stands there twice");
    if (value.IsNull()) return Error(name, path + " has no value");
    if (!value.IsScalar()) return Error(value, path + " must be one plain value");
    source_.assignments.push_back(
        {.where = Where(value.Mark()), .field = field, .value = value.Scalar()});
  }

  static bool IsSection(const std::string& name) {
    for (const ConfigSection& section : ConfigSections()) {
      if (section.name == name) return true;
    }
    return false;
  }

  std::string Where(const YAML::Mark& mark) const {
    return mark.is_null() ? name_ : fmt::format("{}:{}", name_, mark.line + 1);
  }
  void Error(const YAML::Node& node, const std::string& what) {
    source_.errors.Add(Where(node.Mark()), what);
  }
  void Unknown(const YAML::Node& node, const std::string& path) {
    source_.errors.AddUnknownKey(Where(node.Mark()), path);
  }

  const std::string& name_;
  ConfigSource& source_;
};

}  // namespace

ConfigSource ParseConfigYaml(std::string_view text, const std::string& name) {
  ConfigSource source;
  try {
    const std::string copy(text);
    const YAML::Node document = YAML::Load(copy);
    if (MoreFollows(copy)) source.errors.Add(name, "the file holds more than one document");
    DocumentReader(name, source).Read(document);
  } catch (const YAML::Exception& error) {
    source.errors.Add(error.mark.is_null() ? name : fmt::format("{}:{}", name, error.mark.line + 1),
                      "not YAML: " + error.msg);
  } catch (const std::exception& error) {
    source.errors.Add(name, fmt::format("not YAML: {}", error.what()));
  }
  return source;
}

}  // namespace guichet
