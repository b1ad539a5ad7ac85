#pragma once

#include <chrono>
#include <cstddef>

#include "absl/status/status.h"

namespace guichet {

// Bounds and batching of the inference pipeline. Every field is a key of the `pipeline` section of
// the configuration.
struct PipelineOptions {
  // Texts waiting for a batch; more are refused RESOURCE_EXHAUSTED. 1 to 1,000,000.
  std::size_t max_queue_texts = 4096;
  // Tokens waiting for a batch. 1,024 to 100,000,000.
  std::size_t max_queue_tokens = 262144;
  // Tokens of one batch (the sum over its texts: nothing is padded). One text may exceed it alone.
  // 16 to 1,000,000.
  std::size_t max_batch_tokens = 2048;
  // Texts of one batch. 1 to 4,096.
  std::size_t max_batch_texts = 256;
  // How long an idle worker waits for more texts before it starts a batch that is not full. 0:
  // never. 0 to 1 s.
  std::chrono::microseconds max_batch_wait{0};
  // A batch is chosen among this many texts at the front of the queue, shortest first so that
  // lengths match; no text is passed over more often than it takes the window to empty. 1: strict
  // order of arrival. 1 to 65,536.
  std::size_t length_window_texts = 512;
  // A text older than this is taken first, whatever its length. 1 ms to 60 s.
  std::chrono::milliseconds max_length_sort_delay{100};
  // Threads that run batches, each with its own batch in flight. 0: one for a device. 0 to 64.
  int workers = 1;
  // Threads of one batch's operations on a CPU. 0: the cores divided by the workers. 0 to 256.
  int threads_per_worker = 0;

  // INVALID_ARGUMENT names the field and its range.
  absl::Status Validate() const;
};

}  // namespace guichet
