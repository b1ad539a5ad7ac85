#include "model/training/early_stopping.h"

namespace guichet {

bool EarlyStopping::Improves(double score) {
  const bool best = !any_ || score > best_;
  since_best_ = !any_ || score > best_ + min_delta_ ? 0 : since_best_ + 1;
  any_ = true;
  if (best) best_ = score;
  return best;
}

}  // namespace guichet
