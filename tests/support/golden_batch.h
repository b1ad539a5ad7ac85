#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/network/padded_batch.h"

namespace guichet {

// The batch of a golden case: input_ids [B][T] and attention_mask [B][T] or null.
inline PaddedBatch GoldenBatch(const nlohmann::json& golden) {
  PaddedBatch batch;
  const auto rows = golden.at("input_ids").get<std::vector<std::vector<TokenId>>>();
  batch.rows = static_cast<int>(rows.size());
  batch.length = rows.empty() ? 0 : static_cast<int>(rows.front().size());
  for (const auto& row : rows) batch.ids.insert(batch.ids.end(), row.begin(), row.end());
  if (!golden.at("attention_mask").is_null()) {
    for (const auto& row :
         golden.at("attention_mask").get<std::vector<std::vector<std::uint8_t>>>()) {
      batch.mask.insert(batch.mask.end(), row.begin(), row.end());
    }
  }
  return batch;
}

// All numbers of nested arrays, in order.
inline std::vector<float> Flatten(const nlohmann::json& array) {
  if (!array.is_array()) return {array.get<float>()};
  std::vector<float> values;
  for (const nlohmann::json& item : array) {
    const std::vector<float> inner = Flatten(item);
    values.insert(values.end(), inner.begin(), inner.end());
  }
  return values;
}

// The largest absolute difference; infinite when the sizes differ or a value is not a number.
inline float LargestDifference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return INFINITY;
  float largest = 0.0F;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float difference = std::abs(a[i] - b[i]);
    if (std::isnan(difference)) return INFINITY;
    largest = std::max(largest, difference);
  }
  return largest;
}

}  // namespace guichet
