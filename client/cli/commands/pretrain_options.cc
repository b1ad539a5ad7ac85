#include <limits>
#include <memory>

#include "client/cli/commands/model_commands.h"
#include "model/pretraining/pretraining_plan.h"

namespace guichet {
namespace {

constexpr double kSmallest = std::numeric_limits<double>::min();
constexpr int kMillion = 1'000'000;

void AddStart(CLI::App& command, PretrainOptions& options) {
  command
      .add_option("--corpus", options.corpus,
                  "text files, plain or gzip: a paragraph a line, a blank line between documents")
      ->required()
      ->type_name("FILE");
  CLI::Option* base =
      command
          .add_option("--base", options.base,
                      "go on from this Hugging Face folder, pulled model or guichet-mini, with its "
                      "tokenizer")
          ->type_name("HF_DIR");
  command
      .add_option("--scratch", options.scratch,
                  "start from random weights of this configuration; its vocab_size is set to the "
                  "vocabulary's")
      ->type_name("CONFIG.json")
      ->excludes(base);
  command
      .add_option("--tokenizer", options.tokenizer,
                  "with --scratch: a folder, a pulled model or a built-in name (default: a new "
                  "vocabulary, made of the corpus)")
      ->excludes(base);
  command.add_option("--out", options.out, "the Hugging Face folder to write; must not exist")
      ->required()
      ->type_name("DIR");
  command
      .add_option("--state", options.state,
                  "vocabulary, tokenised corpus and checkpoints of the run, by which the same "
                  "command goes on where it stopped (default: OUT.state, removed when the run is "
                  "complete)")
      ->type_name("DIR");
  command
      .add_option("--save-dtype", options.save_dtype, "of the weights written; bf16 halves them")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
}

void AddTime(CLI::App& command, PretrainOptions& options) {
  CLI::Option* minutes =
      command
          .add_option("--minutes", options.minutes,
                      "end after so long in all, as if the updates were done; the learning rate "
                      "still follows the updates (default: no limit)")
          ->check(CLI::Range(kSmallest, 1e6, "above 0 to 1000000"));
  command
      .add_flag("--schedule-by-time", options.schedule_by_time,
                "let the learning rate follow --minutes in place of the updates; such a run cannot "
                "be repeated exactly")
      ->needs(minutes);
  command
      .add_option("--checkpoint-seconds", options.checkpoint_seconds,
                  "between two checkpoints; 0: after every update")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
}

void AddPlan(CLI::App& command, PretrainOptions& options) {
  AddPlanOption(command, options.plan, [] { return ToDocumentedYaml(PretrainingPlan()); });
  command.add_option("--updates", options.updates, "of the whole run")
      ->check(CLI::Range(1, 100 * kMillion));
  command
      .add_option("--batch-tokens", options.batch_tokens,
                  "most tokens of a forward pass, padding included")
      ->check(CLI::Range(8, 10 * kMillion));
  command.add_option("--max-tokens", options.max_tokens, "longest text in tokens")
      ->check(CLI::Range(8, 131'072));
  command.add_option("--learning-rate", options.learning_rate, "after the warm-up")
      ->check(CLI::Range(kSmallest, 1.0, "above 0 to 1"));
  command
      .add_option("--vocabulary-size", options.vocabulary_size,
                  "pieces of the new vocabulary, special ones included")
      ->check(CLI::Range(100, kMillion));
  command.add_option("--seed", options.seed, "of order, noise, dropout and new weights");
  command.add_option("--threads", options.threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command.add_option("--device", options.device, "where it runs; auto: a GPU when there is one")
      ->check(DeviceName());
  command
      .add_option("--precision", options.precision,
                  "of an update; auto: bf16 on a GPU, fp32 on a CPU")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}));
}

}  // namespace

void AddPretrainCommand(CLI::App& app, CommandContext& context, const ModelWork& work) {
  auto options = std::make_shared<PretrainOptions>();
  CLI::App* command = app.add_subcommand(
      "pretrain",
      "pre-train an encoder-decoder on plain text, by mending masked and shuffled sentences as "
      "BART does; writes a Hugging Face folder and prints a JSON summary");
  AddStart(*command, *options);
  AddTime(*command, *options);
  AddPlan(*command, *options);
  command->callback([&context, options, run = work.pretrain] {
    if (options->base.empty() == options->scratch.empty()) {
      throw CLI::RequiredError("one of --base and --scratch");
    }
    options->quiet = context.quiet;
    context.run = [options, run] { return run(*options); };
  });
}

}  // namespace guichet
