#include "model/generation/generate.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/status_macros.h"
#include "model/generation/logits_processors.h"
#include "model/generation/sampling.h"
#include "model/generation/score_rows.h"

namespace guichet {
namespace {

using Results = std::vector<std::vector<GeneratedSequence>>;

// Sampled beams keep one more token than there are ends, as Hugging Face's warpers do.
constexpr std::size_t kLeastKeptByBeams = 2;

Random RandomOf(const GenerationOptions& options, std::uint64_t stream, std::uint64_t sequence) {
  return Random(MixBits(options.seed ^ MixBits(stream ^ MixBits(sequence))));
}

absl::Status Tell(const GenerationObserver& observer, std::span<const NewToken> tokens) {
  if (!observer || observer(tokens)) return absl::OkStatus();
  return absl::CancelledError("the generation was cancelled");
}

std::span<float> RowOf(std::span<float> logits, std::size_t row, std::size_t rows) {
  const std::size_t vocabulary = logits.size() / rows;
  return logits.subspan(row * vocabulary, vocabulary);
}

// --- one token after the other -------------------------------------------------------------------

struct GrowingSequence {
  std::size_t item;
  int number;
  std::vector<TokenId> ids;
  double log_probability;
  Random random;
  std::size_t row;  // of the decoder's last step
};

std::vector<GrowingSequence> StartSequences(std::span<const std::uint64_t> items,
                                            const GenerationOptions& options) {
  std::vector<GrowingSequence> sequences;
  for (std::size_t item = 0; item < items.size(); ++item) {
    for (int number = 0; number < options.num_return_sequences; ++number) {
      sequences.push_back({item,
                           number,
                           {options.decoder_start_token_id},
                           0.0,
                           RandomOf(options, items[item], static_cast<std::uint64_t>(number)),
                           item});
    }
  }
  return sequences;
}

TokenId ChooseToken(const GenerationOptions& options, GrowingSequence& sequence,
                    std::span<const float> logits, std::vector<float>& scores) {
  scores.assign(logits.begin(), logits.end());
  ProcessScores(options, sequence.ids, scores);
  std::size_t token = 0;
  if (options.do_sample) {
    FilterForSampling(options, /*least_kept=*/1, scores);
    token = Draw(scores, sequence.random);
  } else {
    token = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
  }
  sequence.log_probability += static_cast<double>(logits[token]) - LogSumExp(logits);
  return static_cast<TokenId>(token);
}

GeneratedSequence Finish(const GenerationOptions& options, GrowingSequence& sequence) {
  const auto length = static_cast<double>(sequence.ids.size() - 1);
  return {std::move(sequence.ids),
          sequence.log_probability / std::pow(length, options.length_penalty)};
}

absl::StatusOr<Results> GenerateTokenByToken(StepDecoder& decoder,
                                             std::span<const std::uint64_t> items,
                                             const GenerationOptions& options,
                                             const GenerationObserver& observer) {
  Results results(items.size(), std::vector<GeneratedSequence>(
                                    static_cast<std::size_t>(options.num_return_sequences)));
  std::vector<GrowingSequence> growing = StartSequences(items, options);
  std::vector<float> scores;
  while (!growing.empty()) {
    std::vector<TokenId> tokens;
    std::vector<std::size_t> sources;
    for (GrowingSequence& sequence : growing) {
      // In the first step the sequences of an item are one row.
      const bool first = sequence.ids.size() == 1;
      if (!first || sequence.number == 0) {
        tokens.push_back(sequence.ids.back());
        sources.push_back(sequence.row);
      }
      sequence.row = tokens.size() - 1;
    }
    GUICHET_ASSIGN_OR_RETURN(const std::span<float> logits, decoder.Step(tokens, sources));
    std::vector<NewToken> news;
    std::vector<GrowingSequence> left;
    for (GrowingSequence& sequence : growing) {
      const TokenId token =
          ChooseToken(options, sequence, RowOf(logits, sequence.row, tokens.size()), scores);
      sequence.ids.push_back(token);
      news.push_back({sequence.item, sequence.number, token});
      const bool ends = token == options.eos_token_id ||
                        sequence.ids.size() >= static_cast<std::size_t>(options.max_length);
      if (ends) {
        results[sequence.item][static_cast<std::size_t>(sequence.number)] =
            Finish(options, sequence);
      } else {
        left.push_back(std::move(sequence));
      }
    }
    growing = std::move(left);
    GUICHET_RETURN_IF_ERROR(Tell(observer, news));
  }
  return results;
}

// --- beams ---------------------------------------------------------------------------------------

struct BeamItem {
  std::size_t item;
  BeamSearch search;
  Random random;
  std::size_t first_row;  // in the decoder's last step
  std::size_t rows;       // there: 1 in the first step, as the beams are alike, then num_beams
};

// The tokens that the running beams of all items end in, and the rows they continue.
void ListRows(std::vector<BeamItem>& items, std::vector<TokenId>& tokens,
              std::vector<std::size_t>& sources) {
  for (BeamItem& item : items) {
    const bool first = item.rows == 0;
    const std::size_t rows = first ? 1 : item.search.running().size();
    const std::size_t begin = tokens.size();
    for (std::size_t b = 0; b < rows; ++b) {
      tokens.push_back(item.search.running()[b].back());
      const std::size_t source = item.rows <= 1 ? 0 : item.search.sources()[b];
      sources.push_back(first ? item.item : item.first_row + source);
    }
    item.first_row = begin;
    item.rows = rows;
  }
}

void AdvanceItem(const GenerationOptions& options, std::span<float> logits, std::size_t rows,
                 BeamItem& item) {
  std::vector<std::span<const float>> scores;
  for (std::size_t b = 0; b < item.rows; ++b) {
    const std::span<float> row = RowOf(logits, item.first_row + b, rows);
    LogSoftmax(row);
    ProcessScores(options, item.search.running()[b], row);
    if (options.do_sample) FilterForSampling(options, kLeastKeptByBeams, row);
    scores.emplace_back(row);
  }
  while (scores.size() < item.search.running().size()) scores.push_back(scores.front());
  item.search.Advance(scores, item.random);
}

absl::StatusOr<Results> GenerateByBeams(StepDecoder& decoder, std::span<const std::uint64_t> items,
                                        const GenerationOptions& options,
                                        const GenerationObserver& observer) {
  Results results(items.size());
  std::vector<BeamItem> running;
  for (std::size_t item = 0; item < items.size(); ++item) {
    running.push_back({item, BeamSearch(options), RandomOf(options, items[item], 0), 0, 0});
  }
  while (!running.empty()) {
    std::vector<TokenId> tokens;
    std::vector<std::size_t> sources;
    ListRows(running, tokens, sources);
    GUICHET_ASSIGN_OR_RETURN(const std::span<float> logits, decoder.Step(tokens, sources));
    std::vector<BeamItem> left;
    for (BeamItem& item : running) {
      AdvanceItem(options, logits, tokens.size(), item);
      if (item.search.done()) {
        results[item.item] = item.search.Result();
      } else {
        left.push_back(std::move(item));
      }
    }
    running = std::move(left);
    GUICHET_RETURN_IF_ERROR(Tell(observer, {}));
  }
  return results;
}

}  // namespace

absl::StatusOr<Results> Generate(StepDecoder& decoder, std::span<const std::uint64_t> items,
                                 const GenerationOptions& options,
                                 const GenerationObserver& observer) {
  return options.num_beams > 1 ? GenerateByBeams(decoder, items, options, observer)
                               : GenerateTokenByToken(decoder, items, options, observer);
}

}  // namespace guichet
