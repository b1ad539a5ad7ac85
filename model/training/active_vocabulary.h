#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "model/network/bart_config.h"
#include "model/network/owned_tensors.h"
#include "model/network/padded_batch.h"

namespace guichet {

// The rows of the word matrix that a training run can touch. Rows of other tokens get no gradient,
// so all that AdamW does to them is weight decay, one factor for all: leaving them out and applying
// the factor at the end gives the same weights and saves most of the optimiser's memory traffic.
// Immutable.
class ActiveVocabulary {
 public:
  // `tokens` in any order, with repetitions, inside the vocabulary; special tokens are added.
  ActiveVocabulary(const BartConfig& config, std::vector<TokenId> tokens);
  // All of the vocabulary.
  explicit ActiveVocabulary(const BartConfig& config);

  // The configuration of the model with these rows only; its special ids are renumbered.
  const BartConfig& config() const { return reduced_; }
  const std::vector<TokenId>& tokens() const { return tokens_; }  // rising; the row of each

  // The batch in row numbers. INVALID_ARGUMENT: a token that was not announced.
  absl::StatusOr<PaddedBatch> Map(const PaddedBatch& batch) const;

  // Weights with these rows of the word matrices; the other tensors are borrowed from `weights`,
  // which must live as long.
  absl::StatusOr<ModelWeights> Gather(const ModelWeights& weights) const;

  // Full weights again: the tensors of `trained`, and in its word matrices the rows left out as
  // they were in `original`, those of trained matrices times `decay`.
  struct Untouched {
    const ModelWeights* original;
    double decay = 1.0;
  };
  absl::StatusOr<std::shared_ptr<OwnedTensors>> Scatter(const OwnedTensors& trained,
                                                        const Untouched& untouched) const;

 private:
  bool Everything() const { return tokens_.size() == row_of_.size(); }

  BartConfig reduced_;
  std::vector<TokenId> tokens_;
  std::vector<TokenId> row_of_;  // by token; -1 for those left out
};

}  // namespace guichet
