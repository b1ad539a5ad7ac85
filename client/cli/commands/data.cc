#include <memory>

#include "base/status_macros.h"
#include "client/cli/commands/file_commands.h"
#include "client/cli/input.h"
#include "client/cli/json_lines.h"
#include "model/data/dataset_report.h"
#include "model/data/ticket_generator.h"

namespace guichet {
namespace {

absl::Status Report(const InputOptions& input, const std::string& labels_file) {
  DatasetReportOptions options;
  if (!labels_file.empty()) {
    GUICHET_RETURN_IF_ERROR(ForEachLine(labels_file, [&](const std::string& line, int) {
      options.known_labels.push_back(line);
      return absl::OkStatus();
    }));
  }
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/true));
  GUICHET_ASSIGN_OR_RETURN(const DatasetReport report, ReportDataset(*reader, options));
  std::printf("%s\n", ToJson(report).c_str());
  return absl::OkStatus();
}

absl::Status Make(std::int64_t rows, std::uint64_t seed) {
  TicketGenerator generator({.seed = seed});
  for (std::int64_t i = 0; i < rows; ++i) {
    const Ticket ticket = generator.Next();
    OrderedJson line = {{"id", ticket.id}};
    if (!ticket.subject.empty()) line["subject"] = ticket.subject;
    if (!ticket.body.empty()) line["body"] = ticket.body;
    line["label"] = ticket.label;
    GUICHET_RETURN_IF_ERROR(WriteJsonLine(line));
  }
  return absl::OkStatus();
}

}  // namespace

void AddDataCommands(CLI::App& app, CommandContext& context) {
  CLI::App* data = app.add_subcommand("data", "inspect and make tickets");
  data->require_subcommand(1);

  auto input = std::make_shared<InputOptions>();
  CLI::App* report =
      data->add_subcommand("report", "what would hurt training, with line numbers, as JSON");
  AddInputOptions(*report, *input);
  auto labels_file = std::make_shared<std::string>();
  report
      ->add_option("--labels", *labels_file,
                   "labels that a model knows, one a line: rows with another one are a finding")
      ->type_name("FILE");
  report->callback([&context, input, labels_file] {
    context.run = [input, labels_file] {
      const absl::Status status = Report(*input, *labels_file);
      return status.ok() ? int{kExitOk} : Fail(status);
    };
  });

  auto rows = std::make_shared<std::int64_t>(1000);
  auto seed = std::make_shared<std::uint64_t>(1);
  CLI::App* make = data->add_subcommand(
      "make", "synthetic French IT tickets as JSON Lines; the same seed gives the same tickets");
  make->add_option("--rows", *rows, "how many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  make->add_option("--seed", *seed, "of the generator")->capture_default_str();
  make->callback([&context, rows, seed] {
    context.run = [rows, seed] {
      const absl::Status status = Make(*rows, *seed);
      return status.ok() ? int{kExitOk} : Fail(status);
    };
  });
}

}  // namespace guichet
