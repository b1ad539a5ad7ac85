#include <limits>
#include <memory>

#include "client/cli/commands/model_commands.h"

namespace guichet {
namespace {

constexpr double kSmallest = std::numeric_limits<double>::min();
constexpr double kLargest = 1000.0;
constexpr int kMany = 1'000'000;  // the model's own bounds are checked once it is loaded

void AddLengths(CLI::App& command, GenerateOptions& options) {
  command
      .add_option("--max-length", options.max_length,
                  "longest result in tokens, the decoder's start token counted")
      ->check(CLI::Range(2, kMany));
  command.add_option("--min-length", options.min_length, "no </s> before so many tokens")
      ->check(CLI::Range(0, kMany));
}

void AddSearch(CLI::App& command, GenerateOptions& options) {
  command
      .add_option("--num-beams", options.num_beams,
                  "sequences that are followed at a time; 1: greedy, or plain sampling")
      ->check(CLI::Range(1, 64));
  command
      .add_option("--num-return-sequences", options.num_return_sequences,
                  "results of each text, best first")
      ->check(CLI::Range(1, 64));
  command
      .add_option("--early-stopping", options.early_stopping,
                  "when beams end; true: with as many results as beams; false: when the best "
                  "running beam scores below them; never: when none can come to score above them")
      ->check(CLI::IsMember({"true", "false", "never"}));
  command
      .add_option("--length-penalty", options.length_penalty,
                  "results score log probability / tokens^X: above 0 favours long ones")
      ->check(CLI::Range(-kLargest, kLargest));
  command
      .add_option("--no-repeat-ngram-size", options.no_repeat_ngram_size,
                  "no N tokens in a row twice; 0: off")
      ->check(CLI::Range(0, kMany));
  command
      .add_option("--repetition-penalty", options.repetition_penalty,
                  "above 1: tokens that stand there already become less likely")
      ->check(CLI::Range(kSmallest, kLargest, "above 0 to 1000"));
}

void AddSampling(CLI::App& command, GenerateOptions& options) {
  command.add_flag("--do-sample,!--no-sample", options.do_sample,
                   "draw tokens by their probability rather than take the likeliest");
  command
      .add_option("--temperature", options.temperature,
                  "of sampling; below 1 sharper, above 1 wilder")
      ->check(CLI::Range(kSmallest, kLargest, "above 0 to 1000"));
  command.add_option("--top-k", options.top_k, "draw among the K likeliest; 0: among all")
      ->check(CLI::Range(0, kMany));
  command
      .add_option("--top-p", options.top_p,
                  "draw among the likeliest that make up this probability; 1: among all")
      ->check(CLI::Range(kSmallest, 1.0, "above 0 to 1"));
  command.add_option("--seed", options.seed,
                     "of sampling: the same seed gives the same results, line by line");
}

}  // namespace

void AddGenerateCommand(CLI::App& app, CommandContext& context, const ModelWork& work) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = app.add_subcommand(
      "generate",
      "let a generation model write what follows from each text; a JSON line each. What no option "
      "sets is as the model's folder says, as with Hugging Face; <mask> in a text is the mask");
  AddInputOptions(*command, options->input);
  command
      ->add_option(
          "--model", options->model,
          "a Hugging Face folder of MBartForConditionalGeneration, a pulled model's name, or "
          "guichet-mini")
      ->required()
      ->type_name("HF_DIR");
  AddLengths(*command, *options);
  AddSearch(*command, *options);
  AddSampling(*command, *options);
  command->add_flag("--ids", options->ids,
                    "each line is a JSON array of token ids in place of text");
  command
      ->add_option("--fill-mask", options->fill_mask,
                   "in place of results the K likeliest tokens at each <mask> of the text")
      ->check(CLI::Range(1, 1000));
  AddDeviceOptions(*command, options->device, options->threads);
  command
      ->add_option("--batch-tokens", options->batch_tokens,
                   "tokens of one batch: those of its texts and what each beam may come to; a text "
                   "that alone has more goes alone")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->callback([&context, options, run = work.generate] {
    options->quiet = context.quiet;
    context.run = [options, run] { return run(*options); };
  });
}

}  // namespace guichet
