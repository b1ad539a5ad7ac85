#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "model/checkpoint/convert.h"
#include "model/checkpoint/safetensors.h"

// Whatever the bytes, the reader refuses them or returns views that lie in them and fit together.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file = std::as_bytes(std::span(data, size));
  const auto tensors = guichet::ParseSafetensors(file);
  if (!tensors.ok()) return 0;
  std::size_t total = 0;
  for (const auto& [name, tensor] : *tensors) {
    total += tensor.data.size();
    if (!tensor.data.empty() && (tensor.data.data() < file.data() ||
                                 tensor.data.data() + tensor.data.size() > file.data() + size)) {
      std::abort();
    }
    (void)guichet::FirstNonFinite(tensor);  // reads every byte of it
  }
  if (total > size) std::abort();
  return 0;
}
