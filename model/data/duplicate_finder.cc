#include "model/data/duplicate_finder.h"

#include <string>

#include "model/data/text_key.h"

namespace guichet {

DuplicateFinder::Match DuplicateFinder::Add(std::string_view text,
                                            std::optional<LabelCensus::Number> label) {
  const std::string normalized = NormalizedText(text);
  const std::uint64_t hash = KeyOfText(text).low;
  const std::uint64_t normalized_hash = KeyOfText(normalized).low;
  Match match;
  if (texts_.contains(hash)) {
    match.likeness = Likeness::kEqual;
  } else if (texts_.size() < limits_.max_texts) {
    texts_.insert(hash);
  }
  const auto known = labels_.find(normalized_hash);
  if (known != labels_.end()) {
    if (known->second == kNoLabel) known->second = label.value_or(kNoLabel);
    if (known->second != kNoLabel) match.label = known->second;
    if (match.likeness == Likeness::kNone) match.likeness = Likeness::kNear;
    return match;
  }
  if (labels_.size() < limits_.max_texts) {
    labels_.emplace(normalized_hash, label.value_or(kNoLabel));
  } else {
    ++beyond_texts_;
  }
  if (ComesNear(normalized) && match.likeness == Likeness::kNone) match.likeness = Likeness::kNear;
  return match;
}

// Also keeps the text for later ones.
bool DuplicateFinder::ComesNear(std::string_view normalized) {
  const auto sketch = SketchOf(normalized);
  if (!sketch) return false;
  const bool found = near_.Find(*sketch).has_value();
  if (near_.size() < limits_.max_near_texts) {
    near_.Add(*sketch);
  } else {
    ++beyond_near_texts_;
  }
  return found;
}

}  // namespace guichet
