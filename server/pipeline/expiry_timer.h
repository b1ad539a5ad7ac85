#pragma once

#include <cstddef>
#include <memory>

namespace guichet {

class PipelineState;

// The life of the timer's thread: answers texts that expire or are cancelled while they wait, also
// while every worker is busy on the device.
void RunExpiryTimer(const std::shared_ptr<PipelineState>& state, std::size_t thread);

}  // namespace guichet
