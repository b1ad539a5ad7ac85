#pragma once

#include <cstddef>
#include <memory>

namespace guichet {

class PipelineState;

// The life of a worker's thread: takes batches, runs them on their model's classifier and answers
// their callers, until the state says stop. A text that the classifier refuses fails alone;
// whatever else goes wrong fails the whole batch INTERNAL.
void RunBatchWorker(const std::shared_ptr<PipelineState>& state, std::size_t thread);

}  // namespace guichet
