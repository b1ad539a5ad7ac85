#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "model/checkpoint/convert.h"
#include "model/checkpoint/restricted_unpickler.h"
#include "model/checkpoint/torch_archive.h"

// Whatever the bytes, the reader refuses them or returns tensors whose every byte can be read. The
// same bytes also go to the unpickler alone, which the checksums of a zip would otherwise hide.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file = std::as_bytes(std::span(data, size));
  (void)guichet::UnpickleStateDict(file);
  const auto parsed = guichet::ParseTorchFile(file);
  if (!parsed.ok()) return 0;
  std::size_t copied = 0;
  for (const auto& copy : parsed->copies) copied += copy.size();
  if (copied > size) std::abort();
  for (const auto& [name, tensor] : parsed->tensors) {
    std::vector<std::byte> readable(tensor.data.size());
    if (readable.size() > size) std::abort();
    if (!readable.empty()) std::memcpy(readable.data(), tensor.data.data(), readable.size());
    (void)guichet::FirstNonFinite(tensor);
  }
  return 0;
}
