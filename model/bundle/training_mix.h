#pragma once

#include <vector>

#include "model/bundle/model_bundle.h"

namespace guichet {

// Where WriteTrainedBundle tells it in a manifest's provenance: rows by label, in label order.
inline constexpr const char* kTrainingMixKey = "training_rows_by_label";

// How many rows of each label a bundle was trained on, in label order: what the mix of its answers
// is compared with. Empty: its manifest does not tell, as an imported one's.
std::vector<double> TrainingMix(const BundleManifest& manifest);

}  // namespace guichet
