#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/config/config_fields.h"

namespace guichet {

// Collects the mistakes of all sources, so that they are reported together.
class ConfigErrors {
 public:
  void Add(const std::string& where, const std::string& what) {
    lines_.push_back(where + ": " + what);
  }
  // A key that does not exist; names the nearest one.
  void AddUnknownKey(const std::string& where, const std::string& path) {
    const std::string nearest = NearestConfigPath(path);
    Add(where, "there is no key " + path +
                   (nearest.empty() ? "; --print-default-config shows all"
                                    : "; did you mean " + nearest + "?"));
  }

  void Append(const ConfigErrors& others) {
    lines_.insert(lines_.end(), others.lines_.begin(), others.lines_.end());
  }

  const std::vector<std::string>& lines() const { return lines_; }

  // INVALID_ARGUMENT, a line each; OK when there are none.
  absl::Status ToStatus() const;

 private:
  std::vector<std::string> lines_;
};

// Every field out of range and every contradiction between fields.
ConfigErrors CheckConfig(const ServerConfig& config);

}  // namespace guichet
