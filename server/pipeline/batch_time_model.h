#pragma once

#include <chrono>
#include <cstddef>

namespace guichet {

// How the memory of past batches fades and when there is enough of it.
struct BatchTimeModelOptions {
  double decay = 0.95;   // weight of a batch against the one after it; 0 to 1
  int min_batches = 16;  // measured before anything is predicted
};

// Predicts how long a batch takes from its tokens, as time = fixed + per_token × tokens fitted to
// recent batches by least squares with fading weights. Where recent batches were too much alike to
// tell the two parts from each other, all of the time counts as fixed: the error then is to promise
// too much, never to refuse what could be served. Not thread-safe.
class BatchTimeModel {
 public:
  explicit BatchTimeModel(const BatchTimeModelOptions& options = {}) : options_(options) {}

  void Record(std::size_t tokens, std::chrono::nanoseconds time);

  bool ready() const { return batches_ >= options_.min_batches; }
  // 0 unless ready().
  std::chrono::nanoseconds Predict(std::size_t tokens) const;

 private:
  BatchTimeModelOptions options_;
  int batches_ = 0;
  // Fading sums over the batches, x tokens and y nanoseconds: of 1, x, y, x² and xy.
  double weight_ = 0.0;
  double x_ = 0.0;
  double y_ = 0.0;
  double xx_ = 0.0;
  double xy_ = 0.0;
};

}  // namespace guichet
