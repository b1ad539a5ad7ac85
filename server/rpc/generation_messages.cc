#include "server/rpc/generation_messages.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace guichet {
namespace {

CallError BadOption(const std::string& description) {
  return InvalidField("INVALID_OPTIONS", "options", description);
}

std::int64_t Microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

// What the caller set over what the model says.
void TakeWishes(const v1::GenerationOptions& message, GenerationOptions* options) {
  if (message.has_max_length()) options->max_length = message.max_length();
  if (message.has_min_length()) options->min_length = message.min_length();
  if (message.has_num_beams()) options->num_beams = message.num_beams();
  if (message.has_num_return_sequences()) {
    options->num_return_sequences = message.num_return_sequences();
  }
  if (message.has_length_penalty()) options->length_penalty = message.length_penalty();
  if (message.has_repetition_penalty()) options->repetition_penalty = message.repetition_penalty();
  if (message.has_no_repeat_ngram_size()) {
    options->no_repeat_ngram_size = message.no_repeat_ngram_size();
  }
  if (message.has_do_sample()) options->do_sample = message.do_sample();
  if (message.has_temperature()) options->temperature = message.temperature();
  if (message.has_top_k()) options->top_k = message.top_k();
  if (message.has_top_p()) options->top_p = message.top_p();
  if (message.has_seed()) options->seed = message.seed();
  switch (message.early_stopping()) {
    case v1::GenerationOptions::TRUE:
      options->early_stopping = EarlyStopping::kTrue;
      break;
    case v1::GenerationOptions::FALSE:
      options->early_stopping = EarlyStopping::kFalse;
      break;
    case v1::GenerationOptions::NEVER:
      options->early_stopping = EarlyStopping::kNever;
      break;
    default:
      break;
  }
}

}  // namespace

std::optional<CallError> ReadGenerationOptions(const v1::GenerationOptions& message,
                                               const TextGenerator& generator,
                                               const GenerationServiceOptions& limits,
                                               GenerationOptions* options) {
  *options = generator.defaults();
  options->max_length = std::min(options->max_length, limits.max_length);
  options->num_beams = std::min(options->num_beams, limits.max_beams);
  options->num_return_sequences = std::min(options->num_return_sequences, limits.max_beams);
  options->min_length = std::min(options->min_length, options->max_length);
  TakeWishes(message, options);
  if (!v1::GenerationOptions::EarlyStopping_IsValid(message.early_stopping())) {
    return BadOption(
        fmt::format("early_stopping has no value {}; leave it unset or take TRUE, "
                    "FALSE or NEVER",
                    static_cast<int>(message.early_stopping())));
  }
  if (options->max_length > limits.max_length) {
    return BadOption(fmt::format("max_length is {}; this server allows {} (generation.max_length)",
                                 options->max_length, limits.max_length));
  }
  const int rows = std::max(options->num_beams, options->num_return_sequences);
  if (rows > limits.max_beams) {
    return BadOption(
        fmt::format("num_beams and num_return_sequences are {} and {}; this server allows {} "
                    "(generation.max_beams)",
                    options->num_beams, options->num_return_sequences, limits.max_beams));
  }
  const absl::Status valid = Validate(*options, generator.limits());
  if (!valid.ok()) return BadOption(std::string(valid.message()));
  return std::nullopt;
}

void WriteGenerationResult(const GenerationOutcome& outcome, std::size_t prompt_tokens,
                           const TextGenerator& generator, v1::GenerationResult* result) {
  std::size_t tokens = 0;
  for (const GeneratedSequence& sequence : outcome.sequences) {
    v1::GeneratedSequence* message = result->add_sequences();
    message->mutable_ids()->Add(sequence.ids.begin(), sequence.ids.end());
    message->set_text(generator.Decode(sequence.ids).value_or(""));
    message->set_score(sequence.score);
    tokens += sequence.ids.size() - 1;
  }
  result->set_prompt_tokens(static_cast<std::int32_t>(prompt_tokens));
  result->set_generated_tokens(static_cast<std::int32_t>(tokens));
  result->mutable_timings()->set_queue_us(Microseconds(outcome.waited));
  result->mutable_timings()->set_infer_us(Microseconds(outcome.took));
}

}  // namespace guichet
