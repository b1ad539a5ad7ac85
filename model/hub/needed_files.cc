#include "model/hub/needed_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::array<std::string_view, 12> kSmallFiles = {"config.json",
                                                          "generation_config.json",
                                                          "tokenizer_config.json",
                                                          "special_tokens_map.json",
                                                          "added_tokens.json",
                                                          "tokenizer.json",
                                                          "vocab.json",
                                                          "merges.txt",
                                                          "vocab.txt",
                                                          "sentencepiece.bpe.model",
                                                          "spiece.model",
                                                          "tokenizer.model"};

struct WeightsForm {
  std::string_view stem;
  std::string_view end;
};
constexpr std::array<WeightsForm, 2> kForms = {
    {{"model", ".safetensors"}, {"pytorch_model", ".bin"}}};

using FilesByName = std::map<std::string_view, const HubFile*>;

struct ShardName {
  int number = 0;
  int count = 0;
};

// "model-00001-of-00003.safetensors"
std::optional<ShardName> ParseShard(std::string_view name, const WeightsForm& form) {
  constexpr std::size_t kNumbers = std::string_view("-00001-of-00003").size();
  if (name.size() != form.stem.size() + kNumbers + form.end.size()) return std::nullopt;
  if (!name.starts_with(form.stem) || !name.ends_with(form.end)) return std::nullopt;
  const std::string_view numbers = name.substr(form.stem.size(), kNumbers);
  if (numbers[0] != '-' || numbers.substr(6, 4) != "-of-") return std::nullopt;
  ShardName shard;
  const auto read = [](std::string_view digits, int& number) {
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() && number > 0;
  };
  if (!read(numbers.substr(1, 5), shard.number) || !read(numbers.substr(10), shard.count)) {
    return std::nullopt;
  }
  return shard;
}

// The index and every shard; NOT_FOUND names the first that is absent.
absl::Status AddShards(const FilesByName& files, const WeightsForm& form,
                       std::vector<HubFile>& needed) {
  const std::string index = fmt::format("{}{}.index.json", form.stem, form.end);
  needed.push_back(*files.at(index));
  int count = 0;
  for (const auto& [name, file] : files) {
    if (const auto shard = ParseShard(name, form)) count = std::max(count, shard->count);
  }
  if (count == 0) {
    return absl::NotFoundError(
        fmt::format("{} is there, but no shard {}-…-of-…{}", index, form.stem, form.end));
  }
  for (int number = 1; number <= count; ++number) {
    const auto name = fmt::format("{}-{:05}-of-{:05}{}", form.stem, number, count, form.end);
    const auto found = files.find(name);
    if (found == files.end()) {
      return absl::NotFoundError(fmt::format("{} is there, but its shard {} is not", index, name));
    }
    needed.push_back(*found->second);
  }
  return absl::OkStatus();
}

absl::Status AddWeights(const FilesByName& files, std::vector<HubFile>& needed) {
  for (const WeightsForm& form : kForms) {
    const std::string whole = fmt::format("{}{}", form.stem, form.end);
    if (const auto found = files.find(whole); found != files.end()) {
      needed.push_back(*found->second);
      return absl::OkStatus();
    }
    if (files.contains(whole + ".index.json")) return AddShards(files, form, needed);
  }
  return absl::NotFoundError(
      "no model.safetensors, no pytorch_model.bin, and no index of shards of either; weights of "
      "other frameworks are not read");
}

}  // namespace

absl::StatusOr<std::vector<HubFile>> NeededFiles(const HubListing& listing) {
  FilesByName files;
  for (const HubFile& file : listing.files) files.emplace(file.name, &file);
  if (!files.contains("config.json")) {
    return absl::NotFoundError("no config.json; a model of transformers has one");
  }
  std::vector<HubFile> needed;
  for (const std::string_view name : kSmallFiles) {
    if (const auto found = files.find(name); found != files.end()) needed.push_back(*found->second);
  }
  GUICHET_RETURN_IF_ERROR(AddWeights(files, needed));
  return needed;
}

}  // namespace guichet
