#include "client/cli/commands/model_commands.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "model/cleaning/text_cleaning_options.h"
#include "model/tracking/tracking_options.h"
#include "model/training/training_plan.h"

namespace guichet {
namespace {

// One of `words`, or `prefix` with a number from `least` on behind it.
CLI::Validator WordOrNumber(std::vector<std::string> words, std::string prefix, int least) {
  std::string forms;
  for (const std::string& word : words) forms += word + ", ";
  forms += prefix + "N";
  return CLI::Validator(
      [words = std::move(words), prefix = std::move(prefix), least,
       forms](const std::string& text) {
        bool numbered = text.starts_with(prefix);
        if (numbered) {
          int number = 0;
          const char* end = text.data() + text.size();
          const auto parsed = std::from_chars(text.data() + prefix.size(), end, number);
          numbered = parsed.ec == std::errc() && parsed.ptr == end && number >= least;
        }
        if (numbered || std::ranges::find(words, text) != words.end()) return std::string();
        return "'" + text + "' is not one of " + forms;
      },
      forms);
}

CLI::Validator CleaningRules() {
  std::string names;
  for (const TextCleaningRule& rule : kTextCleaningRules) {
    names += (names.empty() ? "" : ",") + std::string(rule.name);
  }
  return CLI::Validator(
      [](const std::string& text) {
        return std::string(ParseTextCleaning(text).status().message());
      },
      "all|none|" + names);
}

void AddBatchTokens(CLI::App& command, std::int64_t& batch_tokens) {
  command.add_option("--batch-tokens", batch_tokens, "tokens of one batch; nothing is padded")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

void AddPredict(CLI::App& app, CommandContext& context, const ModelWork& work) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* command = app.add_subcommand(
      "predict", "classify texts with a bundle, without a server; a JSON line each");
  AddInputOptions(*command, options->input);
  command->add_option("--bundle", options->bundle, "the model")->required()->type_name("BUNDLE");
  AddDeviceOptions(*command, options->device, options->threads);
  AddBatchTokens(*command, options->batch_tokens);
  command->add_option("--top-k", options->top_k, "labels shown, best first; 0: all")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command
      ->add_option("--min-score", options->min_score,
                   "leave out labels below this probability; the best one stays")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_flag("--logits", options->logits, "also the raw logits, in label order");
  command->add_flag("--ids", options->ids,
                    "each line is a JSON array of token ids in place of text");
  command->callback([&context, options, run = work.predict] {
    context.run = [options, run] { return run(*options); };
  });
}

void AddEvaluate(CLI::App& app, CommandContext& context, const ModelWork& work) {
  auto options = std::make_shared<EvaluateOptions>();
  CLI::App* command =
      app.add_subcommand("evaluate", "how good a bundle is on labelled tickets, as JSON");
  command
      ->add_option("--data", options->input.file, "labelled tickets: jsonl, csv or tsv; - is stdin")
      ->required()
      ->type_name("FILE");
  AddInputForm(*command, options->input);
  command->add_option("--bundle", options->bundle, "the model")->required()->type_name("BUNDLE");
  command
      ->add_option("--against", options->against,
                   "the model in service: adds the gate's verdict, PROMOTE, HOLD or REJECT")
      ->type_name("BUNDLE2");
  command->add_option("--html", options->html, "also write the report as a page for people")
      ->type_name("FILE");
  AddDeviceOptions(*command, options->device, options->threads);
  AddBatchTokens(*command, options->batch_tokens);
  command->callback([&context, options, run = work.evaluate] {
    context.run = [options, run] { return run(*options); };
  });
}

void AddPlanOverrides(CLI::App& command, TrainOptions& options) {
  AddPlanOption(command, options.plan, [] { return ToDocumentedYaml(TrainingPlan()); });
  command.add_option("--mode", options.mode, "what learns")
      ->check(WordOrNumber({"full", "head", "lora"}, "last-", 1));
  command
      .add_option("--clean", options.clean,
                  "how texts are cleaned, here and by the bundle ever after: all, none or names "
                  "with commas between them")
      ->check(CleaningRules());
  command.add_option("--epochs", options.epochs, "passes over the training tickets")
      ->check(CLI::Range(1, 1000));
  command.add_option("--batch-size", options.batch_size, "texts of one forward pass")
      ->check(CLI::Range(1, 4096));
  command.add_option("--learning-rate", options.learning_rate, "after the warm-up")
      ->check(CLI::Range(std::numeric_limits<double>::min(), 1.0, "above 0 to 1"));
  command
      .add_option("--max-tokens", options.max_tokens, "longest text in tokens; longer ones are cut")
      ->check(CLI::Range(3, 131'072));
  command
      .add_option("--patience", options.patience,
                  "epochs without a better macro-F1 before it stops; 0: never")
      ->check(CLI::Range(0, 1000));
  command
      .add_option(
          "--promised-precision", options.promised_precision,
          "answer a label only from the score on that shows this precision on the validation "
          "tickets; 0: answer every ticket")
      ->check(CLI::Range(0.0, std::nextafter(1.0, 0.0), "0 to below 1"));
  command.add_option("--seed", options.seed, "of order, dropout and new weights");
  command.add_option("--threads", options.threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command.add_option("--device", options.device, "where it runs; auto: a GPU when there is one")
      ->check(DeviceName());
}

void AddTrain(CLI::App& app, CommandContext& context, const ModelWork& work) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand(
      "train",
      "fine-tune a classifier on labelled tickets; writes a bundle and prints a JSON summary");
  command
      ->add_option("--data", options->input.file, "labelled tickets: jsonl, csv or tsv; - is stdin")
      ->required()
      ->type_name("FILE");
  AddInputForm(*command, options->input);
  command
      ->add_option("--valid", options->validation,
                   "validation tickets of the same form (default: a share of --data)")
      ->type_name("FILE");
  command
      ->add_option("--validation-share", options->validation_share,
                   "of --data when there is no --valid; grouped by text, stratified by label")
      ->check(CLI::Range(0.01, 0.9))
      ->capture_default_str();
  CLI::Option* base = command
                          ->add_option("--base", options->base,
                                       "start from this checkpoint, bundle or pulled model, or "
                                       "from guichet-mini, the small BARThez that comes along")
                          ->type_name("HF_DIR_OR_BUNDLE");
  command
      ->add_option("--scratch", options->scratch, "start from random weights of this configuration")
      ->type_name("CONFIG.json")
      ->excludes(base);
  command
      ->add_option("--tokenizer", options->tokenizer,
                   "with --scratch: a folder, a pulled model or a built-in name")
      ->capture_default_str();
  command->add_option("--out", options->out, "the bundle to write; must not exist")
      ->required()
      ->type_name("BUNDLE");
  command->add_option("--name", options->name, "the model's name (default: the bundle folder's)");
  command
      ->add_option("--head", options->head,
                   "what the head reads; auto: as the base's head, else the encoder")
      ->check(CLI::IsMember({"auto", "encoder", "encoder-decoder"}))
      ->capture_default_str();
  command->add_option("--pooling", options->pooling, "of a new encoder head")
      ->check(CLI::IsMember({"mean", "first", "last-eos", "max"}))
      ->capture_default_str();
  AddPlanOverrides(*command, *options);
  command
      ->add_option(
          "--track", options->track,
          "write the run down as well: in W&B's offline folders, TensorBoard's event files, "
          "on an MLflow server; the environment's WANDB_* and MLFLOW_* count")
      ->type_name(kTrackForm)
      ->check([](const std::string& text) { return std::string(CheckTrackers(text).message()); });
  command->callback([&context, options, run = work.train] {
    if (options->base.empty() == options->scratch.empty()) {
      throw CLI::RequiredError("one of --base and --scratch");
    }
    options->quiet = context.quiet;
    context.run = [options, run] { return run(*options); };
  });
}

}  // namespace

CLI::Validator DeviceName() { return WordOrNumber({"auto", "cpu", "cuda"}, "cuda:", 0); }

void AddPlanOption(CLI::App& command, std::string& plan,
                   const std::function<std::string()>& default_plan) {
  command
      .add_option("--plan", plan, "a YAML file of plan fields, as --print-default-plan shows them")
      ->type_name("PLAN.yaml");
  command
      .add_flag_callback(
          "--print-default-plan",
          [default_plan] {
            std::cout << default_plan();
            throw CLI::Success();
          },
          "print every plan field with its meaning, range and default, and end")
      ->trigger_on_parse();
}

void AddDeviceOptions(CLI::App& command, DeviceOptions& options, int& threads) {
  command.add_option("--device", options.device, "where it runs; auto: a GPU when there is one")
      ->check(DeviceName())
      ->capture_default_str();
  command
      .add_option("--dtype", options.dtype,
                  "auto is fp32 on a cpu and bf16 on cuda; int8 is for a cpu")
      ->check(CLI::IsMember({"auto", "fp32", "bf16", "int8"}))
      ->capture_default_str();
  command.add_option("--threads", threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void AddModelCommands(CLI::App& app, CommandContext& context, const ModelWork& work) {
  AddPredict(app, context, work);
  AddEvaluate(app, context, work);
  AddGenerateCommand(app, context, work);
  AddTrain(app, context, work);
  AddPretrainCommand(app, context, work);
}

}  // namespace guichet
