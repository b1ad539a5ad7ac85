#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/store/prediction_table.h"

namespace guichet {

// A prediction's place in the review queue.
struct RankedPrediction {
  std::int64_t number = 0;
  double priority = 0;
};

// Share of a label among the tickets of a version, above 0 to 1.
using LabelShare = std::function<double(std::int64_t version, const std::string& label)>;

// Most worth labelling first: (1 - margin) × 1/√share, so that an uncertain answer counts, and one
// of a rare label more than one of a label with plenty of examples. Ties: the newest first.
std::vector<RankedPrediction> RankForReview(const std::vector<PredictionKey>& predictions,
                                            const LabelShare& share);

// Shares among the predictions themselves, for versions that tell no training mix.
LabelShare SharesAmong(const std::vector<PredictionKey>& predictions);

// Shares in a training mix, rows by label; one row is added to each label, so that one without any
// has a share too. 1 for a label that is not in `labels`.
double ShareInMix(const std::vector<double>& mix, const std::vector<std::string>& labels,
                  const std::string& label);

}  // namespace guichet
