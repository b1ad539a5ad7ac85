#include "server/pipeline/expiry_timer.h"

#include <utility>

#include "server/pipeline/pipeline_state.h"

namespace guichet {

void RunExpiryTimer(const std::shared_ptr<PipelineState>& state, std::size_t thread) {
  bool after_work = false;
  for (;;) {
    PipelineState::Work work = state->NextSweep(after_work);
    if (work.stop) break;
    after_work = true;
    Answer(std::move(work.dropped), work.now);
  }
  state->ThreadEnded(thread);
}

}  // namespace guichet
