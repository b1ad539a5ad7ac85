#pragma once

#include <chrono>
#include <cstddef>

#include "absl/status/status.h"
#include "server/base/range.h"

namespace guichet {

// Bounds and batching of the inference pipeline. Every field is a key of the `pipeline` section of
// the configuration; the constant above it is its range.
struct PipelineOptions {
  using Milliseconds = std::chrono::milliseconds;
  using Microseconds = std::chrono::microseconds;

  // Texts waiting for a batch; more are refused RESOURCE_EXHAUSTED.
  static constexpr Range<std::size_t> kMaxQueueTexts{1, 1'000'000};
  std::size_t max_queue_texts = 4096;
  // Tokens waiting for a batch.
  static constexpr Range<std::size_t> kMaxQueueTokens{1'024, 100'000'000};
  std::size_t max_queue_tokens = 262144;
  // A text that would wait longer than this, as far as recent batches tell, is refused
  // RESOURCE_EXHAUSTED too: it bounds how late answers become under overload, and how long the
  // queue takes to empty after it. Never while the queue is empty.
  static constexpr Range<Milliseconds> kMaxQueueWait{Milliseconds(10), Milliseconds(3'600'000)};
  Milliseconds max_queue_wait{2'000};
  // Tokens of one batch (the sum over its texts: nothing is padded). One text may exceed it alone.
  static constexpr Range<std::size_t> kMaxBatchTokens{16, 1'000'000};
  std::size_t max_batch_tokens = 1024;
  // Texts of one batch.
  static constexpr Range<std::size_t> kMaxBatchTexts{1, 4'096};
  std::size_t max_batch_texts = 256;
  // How long an idle worker waits for more texts before it starts a batch that is not full. 0:
  // never.
  static constexpr Range<Microseconds> kMaxBatchWait{Microseconds(0), Microseconds(1'000'000)};
  Microseconds max_batch_wait{0};
  // A batch is chosen among this many texts at the front of the queue, shortest first so that
  // lengths match; later texts enter the window when it is empty, so that no text is passed over
  // more often than it takes the window to empty. 1: strict order of arrival.
  static constexpr Range<std::size_t> kLengthWindowTexts{1, 65'536};
  std::size_t length_window_texts = 512;
  // A text older than this is taken first in its window, whatever its length.
  static constexpr Range<Milliseconds> kMaxLengthSortDelay{Milliseconds(1), Milliseconds(60'000)};
  Milliseconds max_length_sort_delay{100};
  // A call whose deadline the estimated wait cannot meet is refused DEADLINE_EXCEEDED at once, but
  // never while the estimated wait is shorter than this, the queue is empty or too few batches were
  // measured: a rough estimate must not refuse what could be served.
  static constexpr Range<Milliseconds> kMinRefusalWait{Milliseconds(0), Milliseconds(3'600'000)};
  Milliseconds min_refusal_wait{50};
  // Threads that run batches, each with its own batch in flight. 0: ForDevice chooses.
  static constexpr Range<int> kWorkers{0, 64};
  int workers = 0;
  // Threads of one batch's operations on a CPU. 0: the cores divided by the workers.
  static constexpr Range<int> kThreadsPerWorker{0, 256};
  int threads_per_worker = 0;
  // By how much the workers give way on a CPU, as nice(2) counts, so that calls are taken, refused
  // and answered at once while batches compute. Other processes gain by it too. Not on a GPU.
  static constexpr Range<int> kWorkerNice{0, 19};
  int worker_nice = 8;
  // How long the pipeline's end waits for a batch that is on the device before it leaves the
  // device's thread behind.
  static constexpr Range<Milliseconds> kStuckDeviceWait{Milliseconds(0), Milliseconds(60'000)};
  Milliseconds stuck_device_wait{5'000};

  // INVALID_ARGUMENT names every field outside its range.
  absl::Status Validate() const;

  // With what is 0 chosen: on a CPU one worker for each of `cores`, at most kMostCpuWorkers, each
  // with its share of the cores; on a GPU, which one batch can fill, a single worker.
  static constexpr int kMostCpuWorkers = 8;
  PipelineOptions ForDevice(bool gpu, int cores) const;

  int worker_count() const { return workers == 0 ? 1 : workers; }
};

}  // namespace guichet
