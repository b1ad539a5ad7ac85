#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/random.h"
#include "model/generation/generation_options.h"
#include "model/generation/top_candidates.h"
#include "model/text/tokenizer.h"

namespace guichet {

// A generated row of ids, its start token included and without padding.
struct GeneratedSequence {
  std::vector<TokenId> ids;
  // The ids' log probability, the start token's left out, divided by their number to the power of
  // length_penalty: Hugging Face's sequences_scores in a beam search.
  double score = 0.0;
};

// The beam search of one item: which rows go on, which are finished, when it is over. It follows
// GenerationMixin._beam_search of transformers 4.57 step by step, with its constants and its ties,
// but looks at one item alone: what an item's result is does not depend on its batch. Knows nothing
// of the model. Not thread-safe.
class BeamSearch {
 public:
  explicit BeamSearch(const GenerationOptions& options);

  // The rows that go on, num_beams of them. Until the first step all are the start token.
  const std::vector<std::vector<TokenId>>& running() const { return running_; }
  // Of each of them, which running row of the step before it continues.
  const std::vector<std::size_t>& sources() const { return sources_; }

  // One step: scores[b] holds the processed log probabilities [vocabulary] of what follows running
  // row b. `random` is drawn from with do_sample only.
  void Advance(std::span<const std::span<const float>> scores, Random& random);

  // Nothing can change the result any more.
  bool done() const { return done_; }

  // The num_return_sequences best, best first.
  std::vector<GeneratedSequence> Result() const;

 private:
  struct Hypothesis {
    std::vector<TokenId> ids;
    float score;
    bool finished;
  };
  struct Continuation {
    std::vector<TokenId> ids;
    float score;         // its log probability
    std::size_t source;  // the running row it continues
    bool ends;           // by </s> or by its length
  };

  std::vector<Continuation> Continue(std::span<const std::span<const float>> scores,
                                     Random& random) const;
  std::vector<Candidate> PickCandidates(std::span<const std::span<const float>> scores,
                                        Random& random) const;
  void KeepFinished(const std::vector<Continuation>& continuations);
  void KeepRunning(std::vector<Continuation> continuations);
  bool CanImprove() const;
  bool AllFinished() const;
  std::size_t Length() const { return running_.front().size(); }  // the start token counted
  float Normalise(float score, std::size_t length) const;

  const GenerationOptions& options_;
  const std::size_t beams_;
  std::vector<std::vector<TokenId>> running_;
  std::vector<float> running_scores_;  // log probabilities, falling
  std::vector<std::size_t> sources_;
  std::vector<Hypothesis> finished_;  // num_beams slots, falling scores; some are empty at first
  bool can_improve_ = true;
  bool done_ = false;
};

}  // namespace guichet
