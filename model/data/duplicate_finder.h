#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "model/data/label_census.h"
#include "model/data/near_text_index.h"

namespace guichet {

struct DuplicateLimits {
  // Distinct texts that later ones are compared with, by 8 bytes of their hash and of that of their
  // NormalizedText: with their label 20 to 60 bytes each.
  std::size_t max_texts = 1'000'000;
  // The same for near-duplicates, by sketches: 120 to 200 bytes each.
  std::size_t max_near_texts = 200'000;
};

// Tells of texts, one after the other, whether they came before. Memory has the bound that the
// limits give, whatever the number of texts. Not thread-safe.
class DuplicateFinder {
 public:
  enum class Likeness {
    kNone,
    kEqual,  // an earlier text is the same
    kNear    // … but for case, accents and punctuation, or a near-duplicate
  };
  struct Match {
    Likeness likeness = Likeness::kNone;
    // Of the first labelled text that is the same but for case, accents and punctuation.
    std::optional<LabelCensus::Number> label = std::nullopt;
  };

  explicit DuplicateFinder(const DuplicateLimits& limits) : limits_(limits) {}

  Match Add(std::string_view text, std::optional<LabelCensus::Number> label);

  // Texts with which later ones were not compared any more: at all, or for near-duplicates only.
  std::int64_t beyond_texts() const { return beyond_texts_; }
  std::int64_t beyond_near_texts() const { return beyond_near_texts_; }

 private:
  static constexpr LabelCensus::Number kNoLabel = 0xFFFFFFFFU;

  bool ComesNear(std::string_view normalized);

  const DuplicateLimits limits_;
  absl::flat_hash_set<std::uint64_t> texts_;
  absl::flat_hash_map<std::uint64_t, LabelCensus::Number> labels_;  // by normalised text
  NearTextIndex near_;
  std::int64_t beyond_texts_ = 0;
  std::int64_t beyond_near_texts_ = 0;
};

}  // namespace guichet
