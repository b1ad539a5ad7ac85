#pragma once

#include <cstddef>
#include <span>

#include "absl/status/statusor.h"
#include "model/checkpoint/pickle_values.h"

namespace guichet {

struct Unpickled {
  PickleValues values;
  PickleValues::Ref root = 0;
  size_t bytes_read = 0;  // up to and with STOP
};

// Reads one pickle as torch.save writes it for a state_dict: dictionaries, lists, tuples, strings,
// whole numbers and tensors, and nothing else. No code is run or looked up: of the globals only
// OrderedDict, torch's storage classes and its two functions that rebuild tensors are known, by
// name. Borrows the bytes. INVALID_ARGUMENT names the opcode, the global or the limit.
absl::StatusOr<Unpickled> UnpickleStateDict(std::span<const std::byte> pickle);

}  // namespace guichet
