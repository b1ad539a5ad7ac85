#include "server/feedback/review_ranking.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

namespace guichet {

std::vector<RankedPrediction> RankForReview(const std::vector<PredictionKey>& predictions,
                                            const LabelShare& share) {
  std::vector<RankedPrediction> ranked;
  ranked.reserve(predictions.size());
  for (const PredictionKey& prediction : predictions) {
    const double rarity = 1.0 / std::sqrt(share(prediction.version, prediction.predicted));
    ranked.push_back({.number = prediction.number, .priority = (1.0 - prediction.margin) * rarity});
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.number > b.number;
  });
  return ranked;
}

LabelShare SharesAmong(const std::vector<PredictionKey>& predictions) {
  auto rows = std::make_shared<std::map<std::pair<std::int64_t, std::string>, double>>();
  std::map<std::int64_t, double> totals;
  for (const PredictionKey& prediction : predictions) {
    (*rows)[{prediction.version, prediction.predicted}] += 1;
    totals[prediction.version] += 1;
  }
  return [rows, totals = std::move(totals)](std::int64_t version, const std::string& label) {
    const auto found = rows->find({version, label});
    return found == rows->end() ? 1.0 : found->second / totals.at(version);
  };
}

double ShareInMix(const std::vector<double>& mix, const std::vector<std::string>& labels,
                  const std::string& label) {
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found == labels.end()) return 1.0;
  const double total = std::accumulate(mix.begin(), mix.end(), static_cast<double>(mix.size()));
  return (mix[static_cast<std::size_t>(found - labels.begin())] + 1.0) / total;
}

}  // namespace guichet
