#include "base/free_memory.h"

#include <algorithm>
#include <fstream>
#include <string_view>

#include <fmt/format.h>

namespace guichet {
namespace {

namespace fs = std::filesystem;

// The number after `key` in a file of lines "key number"; kB of /proc/meminfo are not multiplied.
std::optional<std::int64_t> ReadEntry(const fs::path& file, std::string_view key) {
  std::ifstream in(file);
  std::string name;
  std::int64_t value = 0;
  std::string rest;
  while (in >> name >> value) {
    if (name == key) return value;
    std::getline(in, rest);
  }
  return std::nullopt;
}

// A file of one number; nothing for "max".
std::optional<std::int64_t> ReadNumber(const fs::path& file) {
  std::ifstream in(file);
  std::int64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

// What each kind of control group calls its limit, its use, and the files in that use.
struct GroupFiles {
  const char* limit;
  const char* use;
  const char* files;
};
constexpr GroupFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file"};
constexpr GroupFiles kVersion2{"memory.max", "memory.current", "inactive_file"};

// What is left in a group and in all those around it.
std::optional<std::int64_t> LeftInGroups(const fs::path& mount, const fs::path& group,
                                         const GroupFiles& files) {
  std::optional<std::int64_t> left;
  fs::path inner = group.relative_path();
  while (true) {
    const fs::path folder = mount / inner;
    const auto limit = ReadNumber(folder / files.limit);
    const auto use = ReadNumber(folder / files.use);
    if (limit && use) {
      const std::int64_t cached = ReadEntry(folder / "memory.stat", files.files).value_or(0);
      const std::int64_t here = std::max<std::int64_t>(0, *limit - *use + cached);
      left = std::min(left.value_or(here), here);
    }
    if (inner.empty()) return left;
    inner = inner.parent_path();
  }
}

std::optional<std::int64_t> LeftInControlGroups(const fs::path& root) {
  std::optional<std::int64_t> left;
  std::ifstream in(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(in, line)) {  // hierarchy:controllers:path
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    std::optional<std::int64_t> here;
    if (controllers.empty()) here = LeftInGroups(root / "sys/fs/cgroup", group, kVersion2);
    if (controllers == "memory") {
      here = LeftInGroups(root / "sys/fs/cgroup/memory", group, kVersion1);
    }
    if (here) left = std::min(left.value_or(*here), *here);
  }
  return left;
}

}  // namespace

std::optional<std::int64_t> FreeMemory(const fs::path& root) {
  constexpr std::int64_t kKilobyte = 1024;
  const auto machine = ReadEntry(root / "proc/meminfo", "MemAvailable:");
  if (!machine) return std::nullopt;
  const std::int64_t available = *machine * kKilobyte;
  return std::min(available, LeftInControlGroups(root).value_or(available));
}

std::string ShowBytes(std::int64_t bytes) {
  constexpr double kMega = 1e6;
  constexpr double kGiga = 1e9;
  const auto value = static_cast<double>(bytes);
  if (value >= kGiga) return fmt::format("{:.1f} GB", value / kGiga);
  return fmt::format("{:.0f} MB", value / kMega);
}

}  // namespace guichet
