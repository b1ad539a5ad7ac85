#pragma once

#include <chrono>
#include <cstddef>

#include "absl/status/status.h"
#include "server/config/server_config.h"

namespace guichet {

// How calls are taken: the configured limits, and choices that are no key of the configuration
// because no deployment has needed another value.
struct RpcOptions {
  RequestLimits limits;
  // Texts of a call with at most this many bytes together are tokenised on the callback thread: no
  // hand-over, but gRPC has only two such threads on two cores. 0 to 1 MiB.
  std::size_t inline_encode_bytes = 4096;
  // Threads that tokenise larger calls. 1 to 64.
  int tokenizer_threads = 1;
  // Bytes of text that may wait for them; a call beyond is refused. 64 KiB to 1 GiB.
  std::size_t tokenizer_queue_bytes = std::size_t{16} << 20;
  // For calls that come without a deadline. 1 s to 1 h.
  std::chrono::milliseconds default_deadline{60'000};

  absl::Status Validate() const;
};

}  // namespace guichet
