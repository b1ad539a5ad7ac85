#pragma once

#include <chrono>
#include <cstddef>

namespace guichet {

// Section `feedback` of the configuration: what people say of answers, and what is worth asking
// them. Ranges and meanings stand in config_table_operations.cc.
struct FeedbackOptions {
  std::size_t max_corrections = 50'000;  // rows, superseded ones included
  std::size_t max_predictions = 10'000;  // in the review queue; 0: none
  bool keep_texts = false;               // of the tickets in the review queue
  std::chrono::milliseconds accuracy_window{std::chrono::hours(168)};
  std::chrono::milliseconds drift_window{std::chrono::hours(1)};
};

}  // namespace guichet
