#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace guichet {

// Where a run stands, after an update.
struct TrainingProgress {
  int epoch = 1;  // from 1
  int epochs = 1;
  int step = 0;  // updates done
  int total_steps = 0;
  double loss = 0;          // of this update
  double running_loss = 0;  // mean of the epoch so far
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;  // of the epoch so far, padding not counted
  std::chrono::duration<double> elapsed{0};
  std::chrono::duration<double> remaining{0};  // if all epochs are run at the speed so far
};

// One pass over the training examples. The validation figures are absent without such examples.
struct EpochRecord {
  int epoch = 1;
  double training_loss = 0;  // mean over updates
  std::optional<double> validation_loss;
  std::optional<double> accuracy;
  std::optional<double> macro_f1;
  double seconds = 0;  // validation included
  double tokens_per_second = 0;
  bool best = false;  // so far
};

// Said before a run takes its memory. Bytes.
struct MemoryNotice {
  std::int64_t needed = 0;
  std::optional<std::int64_t> free;  // absent when the system does not say
  std::int64_t trained_parameters = 0;

  // For people: how many parameters learn, what that needs and what there is.
  std::string Words() const;
};

// Callbacks of a run, all optional, called from the thread that trains.
struct TrainingObserver {
  std::function<void(const MemoryNotice&)> on_memory;
  std::function<void(const TrainingProgress&)> on_step;
  std::function<void(const EpochRecord&)> on_epoch;
  std::function<bool()> cancelled;  // asked before every update
};

}  // namespace guichet
