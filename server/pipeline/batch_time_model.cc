#include "server/pipeline/batch_time_model.h"

#include <algorithm>

namespace guichet {
namespace {

// A standard deviation of the tokens below this share of their mean tells nothing of the slope.
constexpr double kMinSpread = 0.1;

}  // namespace

void BatchTimeModel::Record(std::size_t tokens, std::chrono::nanoseconds time) {
  const auto x = static_cast<double>(tokens);
  const auto y = static_cast<double>(std::max(time.count(), std::chrono::nanoseconds::rep{0}));
  weight_ = weight_ * options_.decay + 1.0;
  x_ = x_ * options_.decay + x;
  y_ = y_ * options_.decay + y;
  xx_ = xx_ * options_.decay + x * x;
  xy_ = xy_ * options_.decay + x * y;
  batches_ = std::min(batches_ + 1, options_.min_batches);
}

std::chrono::nanoseconds BatchTimeModel::Predict(std::size_t tokens) const {
  if (!ready() || weight_ <= 0.0 || x_ <= 0.0) return std::chrono::nanoseconds(0);
  const double mean_x = x_ / weight_;
  const double mean_y = y_ / weight_;
  const double variance = xx_ / weight_ - mean_x * mean_x;
  double per_token = 0.0;
  if (variance > kMinSpread * kMinSpread * mean_x * mean_x) {
    const double covariance = xy_ / weight_ - mean_x * mean_y;
    // Neither part of the time is negative.
    per_token = std::clamp(covariance / variance, 0.0, mean_y / mean_x);
  }
  const double fixed = mean_y - per_token * mean_x;
  return std::chrono::nanoseconds(
      static_cast<std::chrono::nanoseconds::rep>(fixed + per_token * static_cast<double>(tokens)));
}

}  // namespace guichet
