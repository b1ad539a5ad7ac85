#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/pretraining/pretraining_plan.h"
#include "model/pretraining/token_corpus.h"
#include "model/training/sequence_session.h"

namespace guichet {

// Makes batches of a corpus' texts and their spoilt versions. How a text is spoilt depends on
// nothing but seed, epoch and its number, so that a run goes on where it stopped. The corpus must
// outlive it. Immutable.
class SpoiltTexts {
 public:
  SpoiltTexts(const TokenCorpus& corpus, const PretrainingPlan& plan, const SpecialTokenIds& ids)
      : corpus_(corpus), seed_(plan.learning.seed), options_(plan.Denoising(ids.mask)), ids_(ids) {}

  SequenceBatch Training(std::span<const std::size_t> texts, int epoch) const {
    return Make(TokenCorpus::Part::kTraining, texts, static_cast<std::uint64_t>(epoch));
  }
  // Spoilt the same way every time.
  SequenceBatch HeldOut(std::span<const std::size_t> texts) const {
    return Make(TokenCorpus::Part::kHeldOut, texts, 0);
  }

 private:
  SequenceBatch Make(TokenCorpus::Part part, std::span<const std::size_t> texts,
                     std::uint64_t epoch) const;
  std::vector<TokenId> Wrap(const std::vector<TokenId>& tokens) const;

  const TokenCorpus& corpus_;
  const std::uint64_t seed_;
  const DenoisingOptions options_;
  const SpecialTokenIds ids_;
};

}  // namespace guichet
