#include "model/checkpoint/shard_index.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/checkpoint/tensor_rules.h"

namespace guichet {
namespace {

using nlohmann::json;

constexpr size_t kMaxIndexBytes = size_t{4} << 20;
constexpr size_t kMaxFileNameBytes = 255;
constexpr size_t kMaxShards = 1'000;

absl::Status Invalid(std::string_view problem) {
  return absl::InvalidArgumentError(std::string(problem));
}

bool IsBareName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxFileNameBytes && name.front() != '.' &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return c == '/' || c == '\\' || c == ':' || static_cast<unsigned char>(c) < 0x20;
         });
}

}  // namespace

absl::StatusOr<ShardIndex> ParseShardIndex(std::string_view text, std::string_view extension) {
  JsonLimits limits;
  limits.max_bytes = kMaxIndexBytes;
  limits.max_values = 4 * kMaxTensors;
  GUICHET_ASSIGN_OR_RETURN(const json index, ParseStrictJson(text, limits));
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (map == index.end() || !map->is_object()) {
    return Invalid("weight_map must be an object of tensor names and file names");
  }
  if (map->size() > kMaxTensors) return Invalid(fmt::format("more than {} tensors", kMaxTensors));
  ShardIndex shards;
  for (const auto& [tensor, file] : map->items()) {
    GUICHET_RETURN_IF_ERROR(CheckTensorName(tensor));
    if (!file.is_string()) {
      return Invalid(fmt::format("weight_map[{}] must be a file's name", Quoted(tensor)));
    }
    const auto& name = file.get_ref<const std::string&>();
    if (!IsBareName(name) || !name.ends_with(extension)) {
      return Invalid(
          fmt::format("weight_map[{}] is {}; expected the bare name of a {} file beside "
                      "the index",
                      Quoted(tensor), Quoted(name), extension));
    }
    shards[name].push_back(tensor);
  }
  if (shards.size() > kMaxShards) return Invalid(fmt::format("more than {} shards", kMaxShards));
  return shards;
}

absl::StatusOr<ShardIndex> ReadShardIndex(const std::filesystem::path& path) {
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxIndexBytes));
  // pytorch_model.bin.index.json → .bin
  return ParseShardIndex(text, path.stem().stem().extension().string());
}

}  // namespace guichet
