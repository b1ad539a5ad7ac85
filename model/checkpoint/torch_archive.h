#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/checkpoint.h"

namespace guichet {

// The tensors of a torch.save file. Contiguous tensors are views into the file; others are copied
// into C order, in all at most the file's size.
struct TorchTensors {
  TensorMap tensors;
  std::vector<std::vector<std::byte>> copies;  // what the other views borrow from
};

// Reads a state_dict written by torch.save: the zip format (torch 1.6 and later) and the one before
// it. A dictionary that holds the state_dict under "model" or "state_dict" is read too.
// INVALID_ARGUMENT says which rule is broken. Nothing of the file is executed.
absl::StatusOr<TorchTensors> ParseTorchFile(std::span<const std::byte> file);

}  // namespace guichet
