#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace guichet {

// A file or folder of the large reference data, or nothing where it is absent: tests then skip,
// saying so.
inline std::optional<std::filesystem::path> SharedData(const std::string& relative) {
  const char* root = std::getenv("GUICHET_SHARED");
  const std::filesystem::path folder =
      root != nullptr ? std::filesystem::path(root)
                      : std::filesystem::path(GUICHET_SOURCE_DIR).parent_path() / "shared";
  const std::filesystem::path path = folder / relative;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

// A file or folder under tests/data, which every checkout has.
inline std::filesystem::path TestData(const std::string& relative) {
  return std::filesystem::path(GUICHET_SOURCE_DIR) / "tests" / "data" / relative;
}

}  // namespace guichet
