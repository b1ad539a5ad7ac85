#include "model/generation/beam_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/generation/sampling.h"

namespace guichet {
namespace {

// Added to the score of what must not be chosen, as Hugging Face does: unlike -infinity it keeps an
// order among the chosen when nothing better is left.
constexpr float kAside = -1.0e9F;

}  // namespace

BeamSearch::BeamSearch(const GenerationOptions& options)
    : options_(options),
      beams_(static_cast<std::size_t>(options.num_beams)),
      running_(beams_, {options.decoder_start_token_id}),
      // All beams start alike, so only the first may be continued.
      running_scores_(beams_, kAside),
      sources_(beams_, 0),
      finished_(beams_, {{options.decoder_start_token_id}, kAside, false}) {
  running_scores_.front() = 0.0F;
}

float BeamSearch::Normalise(float score, std::size_t length) const {
  return score /
         static_cast<float>(std::pow(static_cast<double>(length - 1), options_.length_penalty));
}

// Candidates are numbered beam by beam: beam · vocabulary + token.
std::vector<Candidate> BeamSearch::PickCandidates(std::span<const std::span<const float>> scores,
                                                  Random& random) const {
  const std::size_t count = 2 * beams_;  // enough to go on when every beam could end
  if (!options_.do_sample) {
    TopCandidates top(count);
    for (std::size_t b = 0; b < beams_; ++b) top.Add(scores[b], running_scores_[b]);
    return top.Take();
  }
  std::vector<float> all;
  for (std::size_t b = 0; b < beams_; ++b) {
    for (const float score : scores[b]) all.push_back(score + running_scores_[b]);
  }
  std::vector<Candidate> drawn;
  for (const std::size_t index : DrawWithoutReplacement(all, count, random)) {
    drawn.push_back({all[index], index});
  }
  // Where fewer tokens are allowed than are wanted, the best of the others stand in for them.
  for (const std::size_t index : TopIndices(all, std::min(all.size(), 2 * count))) {
    const bool known = std::ranges::any_of(
        drawn, [&](const Candidate& candidate) { return candidate.index == index; });
    if (drawn.size() < count && !known) drawn.push_back({all[index], index});
  }
  return drawn;
}

std::vector<BeamSearch::Continuation> BeamSearch::Continue(
    std::span<const std::span<const float>> scores, Random& random) const {
  const std::size_t vocabulary = scores.front().size();
  const bool at_end = Length() + 1 >= static_cast<std::size_t>(options_.max_length);
  std::vector<Continuation> continuations;
  for (const Candidate& candidate : PickCandidates(scores, random)) {
    Continuation& next = continuations.emplace_back();
    next.source = candidate.index / vocabulary;
    const auto token = static_cast<TokenId>(candidate.index % vocabulary);
    next.ids = running_[next.source];
    next.ids.push_back(token);
    next.score = candidate.score;
    next.ends = at_end || token == options_.eos_token_id;
  }
  return continuations;
}

void BeamSearch::Advance(std::span<const std::span<const float>> scores, Random& random) {
  std::vector<Continuation> continuations = Continue(scores, random);
  const bool all_end =
      std::ranges::all_of(continuations, [](const Continuation& next) { return next.ends; });
  KeepFinished(continuations);
  KeepRunning(std::move(continuations));
  can_improve_ = can_improve_ && CanImprove();
  const bool full = options_.early_stopping == EarlyStopping::kTrue && AllFinished();
  done_ = !can_improve_ || full || all_end;
}

// Of those that end, the best num_beams candidates compete for the slots.
void BeamSearch::KeepFinished(const std::vector<Continuation>& continuations) {
  const bool closed =
      !can_improve_ || (options_.early_stopping == EarlyStopping::kTrue && AllFinished());
  std::vector<Hypothesis> merged = std::move(finished_);
  for (std::size_t rank = 0; rank < continuations.size(); ++rank) {
    const Continuation& next = continuations[rank];
    const bool finishes = next.ends && rank < beams_;
    float score = Normalise(next.score, next.ids.size());
    if (closed) score += kAside;
    if (!finishes) score += kAside;
    merged.push_back({next.ids, score, finishes});
  }
  std::vector<float> scores;
  for (const Hypothesis& one : merged) scores.push_back(one.score);
  finished_.clear();
  for (const std::size_t index : TopIndices(scores, beams_)) {
    finished_.push_back(std::move(merged[index]));
  }
}

void BeamSearch::KeepRunning(std::vector<Continuation> continuations) {
  std::vector<float> scores;
  for (const Continuation& next : continuations) {
    scores.push_back(next.score + (next.ends ? kAside : 0.0F));
  }
  const std::vector<std::size_t> chosen = TopIndices(scores, beams_);
  for (std::size_t b = 0; b < beams_; ++b) {
    Continuation& next = continuations[chosen[b]];
    running_[b] = std::move(next.ids);
    running_scores_[b] = scores[chosen[b]];
    sources_[b] = next.source;
  }
}

bool BeamSearch::AllFinished() const {
  return std::ranges::all_of(finished_, [](const Hypothesis& one) { return one.finished; });
}

// Whether the best running row could still beat the worst finished one.
bool BeamSearch::CanImprove() const {
  const bool at_full_length =
      options_.early_stopping == EarlyStopping::kNever && options_.length_penalty > 0.0;
  const std::size_t length =
      at_full_length ? static_cast<std::size_t>(options_.max_length) : Length();
  const float best = Normalise(running_scores_.front(), length);
  return std::ranges::any_of(finished_, [&](const Hypothesis& one) {
    return best > (one.finished ? finished_.back().score : kAside);
  });
}

std::vector<GeneratedSequence> BeamSearch::Result() const {
  std::vector<GeneratedSequence> result;
  for (std::size_t i = 0; i < static_cast<std::size_t>(options_.num_return_sequences); ++i) {
    result.push_back({finished_[i].ids, finished_[i].score});
  }
  return result;
}

}  // namespace guichet
