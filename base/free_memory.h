#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace guichet {

// How many bytes this process can still use before the kernel kills or swaps: what the machine has
// available (MemAvailable), and less where a control group (version 1 or 2) allows less; memory of
// files that can be dropped counts as free. Nothing when /proc cannot be read. `root` is where
// /proc and /sys are looked for.
std::optional<std::int64_t> FreeMemory(const std::filesystem::path& root = "/");

// 2'400'000'000 → "2.4 GB"; from 1 MB up, decimal units.
std::string ShowBytes(std::int64_t bytes);

}  // namespace guichet
