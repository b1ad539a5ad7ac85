#include "client/cli/input.h"

#include <fstream>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/text/built_in_tokenizer.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;

absl::Status EachLineOf(std::istream& stream, const std::string& name,
                        const std::function<absl::Status(const std::string&, int)>& each) {
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    if (line.size() > kMaxLineBytes) {
      return absl::InvalidArgumentError(
          fmt::format("{}: line {}: {} bytes; a line holds at most {}", name, number, line.size(),
                      kMaxLineBytes));
    }
    const absl::Status status = each(line, number);
    if (!status.ok()) {
      return absl::Status(status.code(), fmt::format("{}: line {}: {}", name, number,
                                                     std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddInputOptions(CLI::App& command, InputOptions& options) {
  command.add_option("file", options.file, "the input; - is stdin")->required()->type_name("FILE");
  AddInputForm(command, options);
}

void AddInputForm(CLI::App& command, InputOptions& options) {
  command
      .add_option("--input", options.format, "the file's form (default: by its name, text for -)")
      ->check(CLI::IsMember({"text", "jsonl", "csv", "tsv"}));
  command.add_option("--map", options.columns,
                     "names of columns in the file, e.g. body=Description,label=Catégorie");
}

absl::StatusOr<std::unique_ptr<TicketReader>> OpenInput(const InputOptions& options,
                                                        bool allow_empty) {
  TicketReaderOptions reader;
  reader.allow_empty = allow_empty;
  if (!options.format.empty()) {
    GUICHET_ASSIGN_OR_RETURN(reader.format, ParseTicketFormat(options.format));
  }
  if (!options.columns.empty()) {
    GUICHET_ASSIGN_OR_RETURN(reader.columns, ParseColumnMap(options.columns));
  }
  if (options.file == "-") return OpenTicketReader(std::cin, "stdin", reader);
  return OpenTicketReader(options.file, reader);
}

absl::Status ForEachLine(const std::string& file,
                         const std::function<absl::Status(const std::string&, int)>& each) {
  if (file == "-") return EachLineOf(std::cin, "stdin", each);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return absl::NotFoundError(fmt::format("{}: cannot be opened", file));
  return EachLineOf(stream, file, each);
}

absl::StatusOr<std::unique_ptr<const Tokenizer>> OpenTokenizer(const std::string& model) {
  if (std::filesystem::is_directory(model)) return LoadTokenizer(model);
  GUICHET_ASSIGN_OR_RETURN(const std::filesystem::path folder, BuiltInTokenizerFolder(model));
  return LoadTokenizer(folder);
}

}  // namespace guichet
