#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/bundle/model_bundle.h"
#include "model/checkpoint/shard_index.h"
#include "model/network/bart_config.h"

// Every JSON file that comes with a model. What is accepted must survive being written and read
// again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)guichet::ParseShardIndex(text, ".safetensors");
  if (const auto manifest = guichet::ParseBundleManifest(text); manifest.ok()) {
    const std::string written = guichet::ToJson(*manifest);
    const auto again = guichet::ParseBundleManifest(written);
    if (!again.ok() || guichet::ToJson(*again) != written) std::abort();
  }
  if (const auto config = guichet::ParseBartConfig(text); config.ok()) {
    const std::string written = guichet::ToJson(*config);
    const auto again = guichet::ParseBartConfig(written);
    if (!again.ok() || guichet::ToJson(*again) != written) std::abort();
  }
  return 0;
}
