#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "model/network/bart_config.h"
#include "model/network/padded_batch.h"
#include "model/training/training_session.h"

namespace guichet {

// One text as token ids, <s> and </s> included, and the index of its label.
struct TrainingExample {
  std::vector<TokenId> ids;
  int label = 0;
};

// How batches are made of examples.
struct BatchOptions {
  int batch_size = 32;
  std::uint64_t seed = 0;  // decides the order; another one for every epoch
  Sampling sampling = Sampling::kNatural;
};

// Checked examples, cut to length, that hands out batches. Immutable.
class TrainingData {
 public:
  // Longer texts are cut to max_tokens, keeping their last token (</s>). INVALID_ARGUMENT names the
  // first example that does not fit the model.
  static absl::StatusOr<TrainingData> Make(std::span<const TrainingExample> examples,
                                           const BartConfig& config, int max_tokens);

  std::size_t size() const { return labels_.size(); }
  const std::vector<int>& labels() const { return labels_; }
  const std::vector<int>& lengths() const { return lengths_; }  // tokens, after the cut
  std::size_t truncated() const { return truncated_; }
  // Every token that occurs, with repetitions, and <unk>.
  std::vector<TokenId> Tokens() const;

  // The examples of an epoch, each once unless `sampling` says otherwise, texts of like length
  // together, in an order that the seed decides.
  absl::StatusOr<std::vector<std::vector<std::size_t>>> Shuffled(const BatchOptions& options) const;
  // All examples once, by length.
  std::vector<std::vector<std::size_t>> ByLength(int batch_size) const;

  // The rows as one padded batch. `random` draws which tokens are dropped.
  TrainingBatch Batch(std::span<const std::size_t> rows, double token_dropout,
                      Random& random) const;
  TrainingBatch Batch(std::span<const std::size_t> rows) const;

 private:
  TrainingData() = default;
  bool IsSpecial(TokenId id) const;

  BartConfig config_;
  std::vector<std::vector<TokenId>> ids_;
  std::vector<int> labels_;
  std::vector<int> lengths_;
  std::size_t truncated_ = 0;
};

}  // namespace guichet
