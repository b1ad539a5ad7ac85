#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/inference/text_classifier.h"

namespace guichet {

// Logits of rows in batches of like lengths of at most `batch_tokens` tokens (a longer row goes
// alone), in the order given. A row the model cannot read fails alone. `before_batch`, if any, is
// called before each batch.
std::vector<absl::StatusOr<std::vector<float>>> ScoreRows(
    const TextClassifier& classifier, std::span<const std::vector<TokenId>> rows,
    std::int64_t batch_tokens, const std::function<void()>& before_batch = {});

}  // namespace guichet
