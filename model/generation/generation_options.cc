#include "model/generation/generation_options.h"

#include <array>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr double kLargestPenalty = 1000.0;

absl::Status CheckRange(std::string_view field, int value, int least, int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; give {} to {}", field, value, least, most));
}

absl::Status CheckPositive(std::string_view field, double value) {
  if (value > 0 && value <= kLargestPenalty) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; give a number above 0, at most {}", field, value, kLargestPenalty));
}

absl::Status CheckNumbers(const GenerationOptions& options, const GenerationLimits& limits) {
  struct Bounded {
    std::string_view field;
    int value, least, most;
  };
  const std::array integers = {
      Bounded{"max_length", options.max_length, 2, limits.max_positions},
      Bounded{"min_length", options.min_length, 0, options.max_length},
      Bounded{"min_new_tokens", options.min_new_tokens, 0, options.max_length - 1},
      Bounded{"num_beams", options.num_beams, 1, kMaxBeams},
      Bounded{"num_return_sequences", options.num_return_sequences, 1, kMaxBeams},
      Bounded{"no_repeat_ngram_size", options.no_repeat_ngram_size, 0, limits.max_positions},
      Bounded{"top_k", options.top_k, 0, limits.vocabulary_size},
  };
  for (const Bounded& one : integers) {
    // top_k of 50 is a default that a smaller vocabulary need not heed.
    const int most =
        one.field == "top_k" && one.value == GenerationOptions{}.top_k ? one.value : one.most;
    GUICHET_RETURN_IF_ERROR(CheckRange(one.field, one.value, one.least, most));
  }
  GUICHET_RETURN_IF_ERROR(CheckPositive("repetition_penalty", options.repetition_penalty));
  GUICHET_RETURN_IF_ERROR(CheckPositive("temperature", options.temperature));
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    return absl::InvalidArgumentError(
        fmt::format("top_p is {}; give a number above 0, at most 1", options.top_p));
  }
  if (!(std::abs(options.length_penalty) <= kLargestPenalty)) {
    return absl::InvalidArgumentError(fmt::format("length_penalty is {}; give {} to {}",
                                                  options.length_penalty, -kLargestPenalty,
                                                  kLargestPenalty));
  }
  return absl::OkStatus();
}

absl::Status CheckTokens(const GenerationOptions& options, const GenerationLimits& limits) {
  const auto check = [&](std::string_view field, TokenId id) {
    return CheckRange(field, id, 0, limits.vocabulary_size - 1);
  };
  GUICHET_RETURN_IF_ERROR(check("decoder_start_token_id", options.decoder_start_token_id));
  GUICHET_RETURN_IF_ERROR(check("eos_token_id", options.eos_token_id));
  if (const auto& id = options.forced_bos_token_id) {
    GUICHET_RETURN_IF_ERROR(check("forced_bos_token_id", *id));
  }
  if (const auto& id = options.forced_eos_token_id) {
    GUICHET_RETURN_IF_ERROR(check("forced_eos_token_id", *id));
  }
  for (const auto& word : options.bad_words) {
    if (word.empty()) return absl::InvalidArgumentError("bad_words holds a word without tokens");
    for (const TokenId id : word) GUICHET_RETURN_IF_ERROR(check("a token of bad_words", id));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view NameOf(EarlyStopping early_stopping) {
  switch (early_stopping) {
    case EarlyStopping::kFalse:
      return "false";
    case EarlyStopping::kTrue:
      return "true";
    case EarlyStopping::kNever:
      return "never";
  }
  return "unknown";
}

absl::StatusOr<EarlyStopping> ParseEarlyStopping(std::string_view name) {
  for (const auto one : {EarlyStopping::kFalse, EarlyStopping::kTrue, EarlyStopping::kNever}) {
    if (name == NameOf(one)) return one;
  }
  return absl::InvalidArgumentError(
      fmt::format("early_stopping is \"{}\"; give true, false or never", name.substr(0, 100)));
}

absl::Status Validate(const GenerationOptions& options, const GenerationLimits& limits) {
  GUICHET_RETURN_IF_ERROR(CheckNumbers(options, limits));
  GUICHET_RETURN_IF_ERROR(CheckTokens(options, limits));
  const bool beams = options.num_beams > 1;
  if (beams && options.num_return_sequences > options.num_beams) {
    return absl::InvalidArgumentError(
        fmt::format("num_return_sequences is {}, more than the {} beams; raise num_beams or ask "
                    "for fewer",
                    options.num_return_sequences, options.num_beams));
  }
  if (!beams && !options.do_sample && options.num_return_sequences > 1) {
    return absl::InvalidArgumentError(
        fmt::format("num_return_sequences is {}, and greedy search has one answer; add beams or "
                    "sample",
                    options.num_return_sequences));
  }
  return absl::OkStatus();
}

}  // namespace guichet
