#include <array>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/safetensors.h"
#include "model/checkpoint/shard_index.h"
#include "model/checkpoint/tensor_rules.h"
#include "model/checkpoint/torch_archive.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexEnd = ".index.json";

// One file, or the shards of one model: their mappings, and the copies that some tensors of torch
// files need.
class FileCheckpoint : public Checkpoint {
 public:
  const TensorMap& tensors() const override { return tensors_; }

  // Adds all tensors of a file. INVALID_ARGUMENT when a name is there already.
  absl::Status Add(const fs::path& path) {
    GUICHET_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
    absl::StatusOr<TorchTensors> parsed = Parse(path, file.bytes());
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}", path.string(), std::string(parsed.status().message())));
    }
    for (auto& [name, tensor] : parsed->tensors) {
      if (!tensors_.emplace(name, std::move(tensor)).second) {
        return absl::InvalidArgumentError(
            fmt::format("{}: tensor {} is in another shard too", path.string(), Quoted(name)));
      }
    }
    if (tensors_.size() > kMaxTensors) {
      return absl::InvalidArgumentError(
          fmt::format("{}: more than {} tensors in all shards", path.string(), kMaxTensors));
    }
    files_.push_back(std::move(file));
    for (auto& copy : parsed->copies) copies_.push_back(std::move(copy));
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<TorchTensors> Parse(const fs::path& path, std::span<const std::byte> file) {
    if (path.extension() != ".safetensors") return ParseTorchFile(file);
    TorchTensors parsed;
    GUICHET_ASSIGN_OR_RETURN(parsed.tensors, ParseSafetensors(file));
    return parsed;
  }

  std::vector<MappedFile> files_;
  std::vector<std::vector<std::byte>> copies_;
  TensorMap tensors_;
};

// A shard must lie in the index's own folder, also when its name is a link (Hugging Face's cache
// links every file of a snapshot into ../../blobs, which is why a link may leave it for there).
absl::Status CheckShardFile(const fs::path& folder, const std::string& shard) {
  std::error_code error;
  const fs::path path = folder / shard;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return absl::InvalidArgumentError(fmt::format("shard {} is missing", Quoted(shard)));
  }
  if (status.type() != fs::file_type::symlink) return absl::OkStatus();
  const fs::path target = fs::canonical(path, error);
  const fs::path home = fs::canonical(folder, error);
  const bool blob = home.parent_path().filename() == "snapshots" &&
                    target.parent_path() == home.parent_path().parent_path() / "blobs";
  if (!error && (target.parent_path() == home || blob)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("shard {} is a link out of its folder", Quoted(shard)));
}

absl::Status AddShards(const fs::path& index_path, FileCheckpoint& checkpoint) {
  GUICHET_ASSIGN_OR_RETURN(const ShardIndex index, ReadShardIndex(index_path));
  for (const auto& [shard, names] : index) {
    GUICHET_RETURN_IF_ERROR(CheckShardFile(index_path.parent_path(), shard));
    const size_t before = checkpoint.tensors().size();
    GUICHET_RETURN_IF_ERROR(checkpoint.Add(index_path.parent_path() / shard));
    for (const std::string& name : names) {
      if (!checkpoint.tensors().contains(name)) {
        return absl::InvalidArgumentError(
            fmt::format("tensor {} is not in shard {}", Quoted(name), Quoted(shard)));
      }
    }
    // With the names of all shards distinct, equal counts mean equal sets.
    if (checkpoint.tensors().size() - before != names.size()) {
      return absl::InvalidArgumentError(
          fmt::format("shard {} holds tensors that the index does not list", Quoted(shard)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<fs::path> FindFile(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  constexpr std::array kNames = {"model.safetensors", "model.safetensors.index.json",
                                 "pytorch_model.bin", "pytorch_model.bin.index.json"};
  for (const char* name : kNames) {
    if (fs::exists(path / name, error)) return path / name;
  }
  return absl::NotFoundError(
      fmt::format("{}: no {}, no {}, and no index of shards", path.string(), kNames[0], kNames[2]));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Checkpoint>> OpenCheckpoint(const fs::path& path) {
  GUICHET_ASSIGN_OR_RETURN(const fs::path file, FindFile(path));
  auto checkpoint = std::make_shared<FileCheckpoint>();
  if (!file.filename().string().ends_with(kIndexEnd)) {
    GUICHET_RETURN_IF_ERROR(checkpoint->Add(file));
    return checkpoint;
  }
  if (absl::Status status = AddShards(file, *checkpoint); !status.ok()) {
    return absl::Status(status.code(),
                        fmt::format("{}: {}", file.string(), std::string(status.message())));
  }
  return checkpoint;
}

}  // namespace guichet
