#pragma once

#include <span>

#include "model/training/training_session.h"

namespace guichet {

// What one of several processes computes of a batch.
struct BatchShare {
  TrainingBatch batch;
  double share = 1.0;  // of the whole batch's mean loss; over all processes they add up to 1
};

// Every size-th row from `rank` on. `class_weights`: one a label, or empty. A batch of fewer rows
// than there are processes is computed by all of them.
BatchShare ShareOf(const TrainingBatch& batch, std::span<const float> class_weights, int rank,
                   int size);

}  // namespace guichet
