#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/bundle/model_bundle.h"

namespace guichet {

struct PredictionOptions {
  int top_k = 0;  // labels returned, best first; 0: all
  float min_score =
      0.0F;  // labels below this calibrated probability are left out, the best one never
};

struct ScoredLabel {
  int label = 0;       // index into the manifest's labels
  float score = 0.0F;  // calibrated probability
};

// The answer for one ticket: never empty, scores falling, ties by label index.
struct Prediction {
  std::vector<ScoredLabel> scores;
  bool abstained = false;  // the best label is below its threshold: leave the ticket to a person
};

// softmax(logits / temperature), thresholds, top-k. `logits` has one value for each of the
// manifest's labels.
Prediction MakePrediction(std::span<const float> logits, const BundleManifest& manifest,
                          const PredictionOptions& options);

}  // namespace guichet
