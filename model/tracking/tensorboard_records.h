#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/tracking/run_tracker.h"

// The records of a TensorBoard event file: messages of type Event of tensorflow's event.proto, of
// which this writes what a run of scalars needs.

namespace guichet::tensorboard {

// The bytes of a file for one message: its length (uint64 LE), the masked CRC-32C of that, the
// message, the masked CRC-32C of it.
std::string Frame(std::string_view event);

// First in every file.
std::string VersionEvent(WallTime time);
// What other files of the folder hold of `step` and later ones is done again.
std::string RestartEvent(WallTime time, std::int64_t step);
// A curve's point for each scalar.
std::string ScalarsEvent(const TrackedRow& row);
// `markdown` under the tag of the text dashboard.
std::string TextEvent(WallTime time, std::string_view tag, std::string_view markdown);
// The configuration and the end, for the hparams dashboard.
std::string SessionStartEvent(WallTime time, const TrackedRun& run);
std::string SessionEndEvent(WallTime time, std::int64_t step, RunEnd end);

}  // namespace guichet::tensorboard
