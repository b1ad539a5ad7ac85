#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace guichet {

// The names of the tensors in each shard, by the shard's file name.
using ShardIndex = std::map<std::string, std::vector<std::string>>;

// Parses model.safetensors.index.json or pytorch_model.bin.index.json: {"metadata": …,
// "weight_map": {tensor: file}}. Files are bare names in the index's own folder. `extension`, such
// as ".bin", is what their names must end in.
absl::StatusOr<ShardIndex> ParseShardIndex(std::string_view json, std::string_view extension);

// NOT_FOUND when there is no such file.
absl::StatusOr<ShardIndex> ReadShardIndex(const std::filesystem::path& path);

}  // namespace guichet
