#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/safetensors.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// One safetensors file: views into its mapping.
class MappedCheckpoint : public Checkpoint {
 public:
  MappedCheckpoint(MappedFile file, TensorMap tensors)
      : file_(std::move(file)), tensors_(std::move(tensors)) {}
  const TensorMap& tensors() const override { return tensors_; }

 private:
  MappedFile file_;
  TensorMap tensors_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Checkpoint>> OpenCheckpoint(const fs::path& path) {
  const fs::path file_path = fs::is_directory(path) ? path / "model.safetensors" : path;
  GUICHET_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(file_path));
  GUICHET_ASSIGN_OR_RETURN(TensorMap tensors, ParseSafetensors(file.bytes()));
  return std::make_shared<MappedCheckpoint>(std::move(file), std::move(tensors));
}

}  // namespace guichet
