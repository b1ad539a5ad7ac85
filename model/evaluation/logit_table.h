#pragma once

#include <cstddef>
#include <span>

#include "absl/status/status.h"

namespace guichet {

// A view of the logits of many rows: [rows][labels], row after row. Borrows its numbers.
struct LogitTable {
  std::span<const double> values;
  int label_count = 0;

  size_t rows() const {
    return label_count > 0 ? values.size() / static_cast<size_t>(label_count) : 0;
  }
  std::span<const double> row(size_t index) const {
    const auto width = static_cast<size_t>(label_count);
    return values.subspan(index * width, width);
  }
};

// INVALID_ARGUMENT unless the table is whole, finite and not empty, and there is one label in
// [0, label_count) for each row. Names the first row at fault.
absl::Status CheckLogits(const LogitTable& logits, std::span<const int> truth);

// softmax(logits / temperature) into probabilities, which has the same size.
void Softmax(std::span<const double> logits, double temperature, std::span<double> probabilities);

// −log softmax(logits / temperature)[label], exact where the probability itself underflows.
double NegativeLogProbability(std::span<const double> logits, double temperature, int label);

// Index of the largest value, the first of equals.
int LargestIndex(std::span<const double> values);

}  // namespace guichet
