#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/tracking/run_tracker.h"

// The records of a `.wandb` file: messages of type Record of W&B's wandb_internal.proto, of which
// this writes what a run of scalars needs. `number` is the record's place in the file, from 1.

namespace guichet::wandb {

std::string HeaderRecord(std::int64_t number);
// Before all data of the run.
std::string RunRecord(std::int64_t number, const TrackedRun& run, std::string_view host);
// A step's scalars. W&B copies the items as they are, so _step, _runtime and _timestamp are among
// them. Steps must grow.
std::string HistoryRecord(std::int64_t number, const TrackedRow& row, WallTime started);
std::string SummaryRecord(std::int64_t number, std::span<const TrackedValue> summary);
// Without one W&B takes a run for failed. Followed by Final and Footer, which older versions of
// `wandb sync` wait for.
std::string ExitRecord(std::int64_t number, int exit_code, std::int64_t seconds);
std::string FinalRecord(std::int64_t number);
std::string FooterRecord(std::int64_t number);

// What a writer that goes on with a file needs to know of a record.
struct RecordFacts {
  std::int64_t number = 0;
  bool is_run = false;
  bool is_exit = false;
  std::optional<std::int64_t> history_step;
};
RecordFacts ReadRecord(std::string_view record);

}  // namespace guichet::wandb
