#include "model/bundle/training_mix.h"

#include <algorithm>
#include <numeric>

#include <nlohmann/json.hpp>

namespace guichet {

std::vector<double> TrainingMix(const BundleManifest& manifest) {
  const auto provenance =
      nlohmann::json::parse(manifest.provenance_json, nullptr, /*allow_exceptions=*/false);
  if (!provenance.is_object()) return {};
  const auto rows = provenance.find(kTrainingMixKey);
  if (rows == provenance.end() || !rows->is_array() || rows->size() != manifest.labels.size()) {
    return {};
  }
  const bool counts = std::all_of(rows->begin(), rows->end(),
                                  [](const auto& item) { return item.is_number_unsigned(); });
  if (!counts) return {};
  auto mix = rows->get<std::vector<double>>();
  if (std::accumulate(mix.begin(), mix.end(), 0.0) <= 0) return {};
  return mix;
}

}  // namespace guichet
