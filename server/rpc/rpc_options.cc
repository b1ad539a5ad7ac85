#include "server/rpc/rpc_options.h"

#include <fmt/format.h>

namespace guichet {
namespace {

template <typename T>
absl::Status CheckRange(const char* field, T value, T least, T most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; it must be {} to {}", field, value, least, most));
}

}  // namespace

absl::Status RpcOptions::Validate() const {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  absl::Status status =
      CheckRange<std::size_t>("inline_encode_bytes", inline_encode_bytes, 0, kMiB);
  status.Update(CheckRange("tokenizer_threads", tokenizer_threads, 1, 64));
  status.Update(
      CheckRange<std::size_t>("tokenizer_queue_bytes", tokenizer_queue_bytes, 65536, 1024 * kMiB));
  status.Update(
      CheckRange<std::int64_t>("default_deadline (ms)", default_deadline.count(), 1000, 3'600'000));
  return status;
}

}  // namespace guichet
