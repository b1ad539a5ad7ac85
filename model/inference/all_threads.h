#pragma once

#include <cstdint>
#include <functional>

namespace guichet {

// Calls work(part) for every part below `parts`, on as many threads as libtorch's own operators
// take, the caller's among them. Threads take parts as they finish others: with equal shares the
// one whose core others use as well would keep the rest waiting. Returns when all are done.
void OnAllThreads(std::int64_t parts, const std::function<void(std::int64_t part)>& work);

}  // namespace guichet
