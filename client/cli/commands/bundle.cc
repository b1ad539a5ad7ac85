#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "base/status_macros.h"
#include "client/cli/commands/file_commands.h"
#include "client/cli/input.h"
#include "client/cli/json_lines.h"
#include "model/bundle/model_bundle.h"
#include "model/hub/model_folder.h"

namespace guichet {
namespace {

struct ImportArguments {
  std::string source;
  std::string out;
  std::string head = "auto";
  std::string pooling;
  std::string labels_file;
  std::string name;
  std::uint64_t seed = 42;
};

absl::StatusOr<ImportOptions> ToImportOptions(const ImportArguments& arguments) {
  ImportOptions options;
  options.name = arguments.name;
  options.seed = arguments.seed;
  if (arguments.head == "encoder") options.head = HeadKind::kEncoder;
  if (arguments.head == "encoder-decoder") options.head = HeadKind::kEncoderDecoder;
  if (!arguments.pooling.empty()) {
    GUICHET_ASSIGN_OR_RETURN(options.pooling, ParsePooling(arguments.pooling));
  }
  if (!arguments.labels_file.empty()) {
    GUICHET_RETURN_IF_ERROR(ForEachLine(arguments.labels_file, [&](const std::string& line, int) {
      if (line.empty()) return absl::InvalidArgumentError("an empty label; give one label a line");
      options.labels.push_back(line);
      return absl::OkStatus();
    }));
  }
  return options;
}

absl::Status Show(const std::string& folder) {
  GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(folder));
  std::printf("%s\n", OrderedJson::parse(ToJson(bundle->manifest())).dump(2).c_str());
  return absl::OkStatus();
}

absl::Status Import(const ImportArguments& arguments, bool quiet) {
  GUICHET_ASSIGN_OR_RETURN(ImportOptions options, ToImportOptions(arguments));
  GUICHET_ASSIGN_OR_RETURN(const ModelFolder source, ResolveModelFolder(arguments.source));
  if (options.name.empty()) options.name = source.pulled;  // its folder is named by a commit
  GUICHET_ASSIGN_OR_RETURN(const auto warnings, ImportBundle(source.path, arguments.out, options));
  for (const std::string& warning : warnings) {
    std::fprintf(stderr, "guichet: warning: %s\n", warning.c_str());
  }
  if (!quiet) std::fprintf(stderr, "wrote the bundle %s\n", arguments.out.c_str());
  return Show(arguments.out);
}

absl::Status Verify(const std::string& folder) {
  GUICHET_ASSIGN_OR_RETURN(const auto bundle, ModelBundle::Open(folder));
  return WriteJsonLine({{"bundle", folder},
                        {"ok", true},
                        {"name", bundle->manifest().name},
                        {"files", bundle->manifest().files.size()}});
}

void AddImport(CLI::App& bundle, CommandContext& context) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* command = bundle.add_subcommand(
      "import", "turn a Hugging Face checkpoint folder into a bundle and show its manifest");
  command
      ->add_option("source", arguments->source,
                   "a folder of config.json, tokenizer files, and model.safetensors, shards or "
                   "pytorch_model.bin; or the name of a pulled model")
      ->required()
      ->type_name("HF_DIR");
  command->add_option("--out", arguments->out, "the bundle to write; must not exist")
      ->required()
      ->type_name("BUNDLE");
  command->add_option("--head", arguments->head, "what the classification head reads")
      ->check(CLI::IsMember({"auto", "encoder", "encoder-decoder"}))
      ->capture_default_str();
  command
      ->add_option("--pooling", arguments->pooling,
                   "of an encoder head (default: the config's, else mean)")
      ->check(CLI::IsMember({"mean", "first", "last-eos", "max"}));
  command
      ->add_option("--labels", arguments->labels_file,
                   "labels in order of their ids, one a line (default: the config's id2label)")
      ->type_name("FILE");
  command->add_option("--name", arguments->name, "the model's name (default: the folder's)");
  command->add_option("--seed", arguments->seed, "of a new classification head")
      ->capture_default_str();
  command->callback([&context, arguments] {
    context.run = [&context, arguments] {
      const absl::Status status = Import(*arguments, context.quiet);
      return status.ok() ? int{kExitOk} : Fail(status);
    };
  });
}

void AddOnBundle(CLI::App& bundle, CommandContext& context, const char* name, const char* help,
                 absl::Status (*work)(const std::string& folder)) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = bundle.add_subcommand(name, help);
  command->add_option("bundle", *folder, "the bundle's folder")->required()->type_name("BUNDLE");
  command->callback([&context, folder, work] {
    context.run = [folder, work] {
      const absl::Status status = work(*folder);
      return status.ok() ? int{kExitOk} : Fail(status);
    };
  });
}

}  // namespace

void AddBundleCommands(CLI::App& app, CommandContext& context) {
  CLI::App* bundle = app.add_subcommand("bundle", "make and inspect model bundles");
  bundle->require_subcommand(1);
  AddImport(*bundle, context);
  AddOnBundle(*bundle, context, "show", "the manifest as JSON", Show);
  AddOnBundle(*bundle, context, "verify",
              "check every file's size, hash and shape; exit 1 names the first that is wrong",
              Verify);
}

}  // namespace guichet
