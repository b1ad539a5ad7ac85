#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model/inference/text_classifier.h"

namespace guichet {

// Logits of rows in batches of like lengths of at most `batch_tokens` tokens (a longer row goes
// alone), in the order given. A row the model cannot read fails alone. An interrupt ends the
// process between two batches.
std::vector<absl::StatusOr<std::vector<float>>> ScoreRows(
    const TextClassifier& classifier, std::span<const std::vector<TokenId>> rows,
    std::int64_t batch_tokens);

}  // namespace guichet
