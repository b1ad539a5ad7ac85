#include "model/training/early_stopping.h"

namespace guichet {

bool EarlyStopping::Improves(double score) {
  if (!any_ || score > best_ + min_delta_) {
    any_ = true;
    best_ = score;
    since_best_ = 0;
    return true;
  }
  ++since_best_;
  return false;
}

}  // namespace guichet
