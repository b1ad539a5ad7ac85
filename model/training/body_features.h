#pragma once

#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/training/training_data.h"
#include "model/training/training_session.h"

namespace guichet {

struct FeatureOptions {
  int width = 0;  // d_model
  int batch_size = 32;
  std::function<bool()> cancelled = {};  // asked before every batch; may be null
  ProcessGroup* peers = nullptr;         // share the work; may be null
};

// What a frozen body makes of every example, [rows][width]: computed once, so that an epoch of mode
// head costs the head alone. Immutable.
class BodyFeatures {
 public:
  BodyFeatures() = default;  // of nothing
  // CANCELLED; errors of TrainingSession::Pooled.
  static absl::StatusOr<BodyFeatures> Compute(TrainingSession& session, const TrainingData& data,
                                              const FeatureOptions& options);

  // The features of these rows, end to end; nothing when there are none at all.
  std::vector<float> Of(std::span<const std::size_t> rows) const;

 private:
  std::vector<float> table_;
  std::size_t width_ = 0;
};

}  // namespace guichet
