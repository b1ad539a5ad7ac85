#include "model/generation/fill_masks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/status_macros.h"
#include "model/generation/score_rows.h"
#include "model/generation/top_candidates.h"

namespace guichet {

absl::StatusOr<std::vector<FilledMask>> FillMasks(StepDecoder& decoder,
                                                  std::span<const TokenId> ids, TokenId mask,
                                                  std::size_t count) {
  std::vector<FilledMask> masks;
  auto left = std::ranges::count(ids, mask);
  for (std::size_t position = 0; left > 0; ++position) {
    const std::array<TokenId, 1> token = {position == 0 ? ids.back() : ids[position - 1]};
    const std::array<std::size_t, 1> source = {0};
    GUICHET_ASSIGN_OR_RETURN(const std::span<float> logits, decoder.Step(token, source));
    if (ids[position] != mask) continue;
    --left;
    LogSoftmax(logits);
    TopCandidates top(count);
    top.Add(logits, 0.0F);
    FilledMask& filled = masks.emplace_back();
    filled.position = position;
    for (const Candidate& candidate : top.Take()) {
      filled.tokens.push_back({static_cast<TokenId>(candidate.index), std::exp(candidate.score)});
    }
  }
  return masks;
}

}  // namespace guichet
