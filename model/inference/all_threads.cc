#include "model/inference/all_threads.h"

#include <algorithm>
#include <atomic>

#include <ATen/Parallel.h>

namespace guichet {

void OnAllThreads(std::int64_t parts, const std::function<void(std::int64_t part)>& work) {
  std::atomic<std::int64_t> next = 0;
  const std::int64_t threads = std::min<std::int64_t>(parts, at::get_num_threads());
  at::parallel_for(0, threads, 1, [&](std::int64_t begin, std::int64_t end) {
    // A range is several threads' when this runs on fewer, within another parallel region say.
    for (std::int64_t thread = begin; thread < end; ++thread) {
      for (std::int64_t part = next++; part < parts; part = next++) work(part);
    }
  });
}

}  // namespace guichet
