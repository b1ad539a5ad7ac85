#include "model/training/body_features.h"

#include <algorithm>

#include "base/status_macros.h"

namespace guichet {

absl::StatusOr<BodyFeatures> BodyFeatures::Compute(TrainingSession& session,
                                                   const TrainingData& data,
                                                   const FeatureOptions& options) {
  BodyFeatures features;
  features.width_ = static_cast<std::size_t>(options.width);
  features.table_.resize(data.size() * features.width_);
  ProcessGroup* const peers = options.peers;
  int turn = 0;
  for (const auto& rows : data.ByLength(options.batch_size)) {
    if (peers == nullptr && options.cancelled && options.cancelled()) {
      return absl::CancelledError("training was cancelled before its first update");
    }
    if (peers != nullptr && turn++ % peers->size() != peers->rank()) continue;
    GUICHET_ASSIGN_OR_RETURN(const std::vector<float> pooled,
                             session.Pooled(data.Batch(rows).tokens));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto from = std::span(pooled).subspan(i * features.width_, features.width_);
      std::ranges::copy(
          from, features.table_.begin() + static_cast<std::ptrdiff_t>(rows[i] * features.width_));
    }
  }
  // The others' rows are 0 here; a sum with 0 changes nothing.
  if (peers != nullptr) GUICHET_RETURN_IF_ERROR(peers->Sum(features.table_));
  return features;
}

std::vector<float> BodyFeatures::Of(std::span<const std::size_t> rows) const {
  std::vector<float> selected;
  if (table_.empty()) return selected;
  selected.reserve(rows.size() * width_);
  for (const std::size_t row : rows) {
    const auto features = std::span(table_).subspan(row * width_, width_);
    selected.insert(selected.end(), features.begin(), features.end());
  }
  return selected;
}

}  // namespace guichet
