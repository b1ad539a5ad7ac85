#include "client/cli/input.h"

#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status_macros.h"
#include "model/data/byte_source.h"
#include "model/data/line_reader.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;

absl::Status At(const std::string& name, const absl::Status& error) {
  return absl::Status(error.code(), fmt::format("{}: {}", name, std::string(error.message())));
}

}  // namespace

void AddInputOptions(CLI::App& command, InputOptions& options) {
  command.add_option("file", options.file, "the input; - is stdin")->required()->type_name("FILE");
  AddInputForm(command, options);
}

void AddInputForm(CLI::App& command, InputOptions& options) {
  command
      .add_option("--input", options.form.format,
                  "the file's form (default: by its name, text for -)")
      ->check(CLI::IsMember({"text", "jsonl", "csv", "tsv"}));
  AddFormOptions(command, options.form);
}

void AddFormOptions(CLI::App& command, DatasetForm& form) {
  command.add_option("--map", form.columns,
                     "names of columns in the file, e.g. body=Description,label=Catégorie; they "
                     "come before a preset's");
  command
      .add_option("--preset", form.preset,
                  "whose export the file is: names the columns, reads HTML as text")
      ->check(CLI::IsMember({"glpi", "zammad", "jira"}));
  command
      .add_option("--encoding", form.encoding,
                  "the file's encoding; auto: UTF-16 by its mark, Windows-1252 (csv and tsv) when "
                  "it is not UTF-8 (default: auto)")
      ->check(CLI::IsMember({"auto", "utf-8", "windows-1252", "utf-16"}));
}

absl::StatusOr<std::unique_ptr<TicketReader>> OpenInput(const InputOptions& options,
                                                        bool allow_empty) {
  GUICHET_ASSIGN_OR_RETURN(TicketReaderOptions reader, ToReaderOptions(options.form));
  reader.allow_empty = allow_empty;
  if (options.file == "-")
    return OpenTicketReader(MakeDescriptorSource(STDIN_FILENO), "stdin", reader);
  return OpenTicketReader(options.file, reader);
}

bool IsLive(const InputOptions& options) {
  struct stat status = {};
  return options.file == "-" && fstat(STDIN_FILENO, &status) == 0 && !S_ISREG(status.st_mode);
}

absl::Status ForEachLine(const std::string& file,
                         const std::function<absl::Status(const std::string&, int)>& each) {
  const bool from_stdin = file == "-";
  const std::string name = from_stdin ? "stdin" : file;
  std::unique_ptr<ByteSource> source;
  if (from_stdin) {
    source = MakeDescriptorSource(STDIN_FILENO);
  } else {
    GUICHET_ASSIGN_OR_RETURN(source, OpenFileSource(file));
  }
  LineReader lines(std::move(source), {.max_line_bytes = kMaxLineBytes});
  while (true) {
    const auto line = lines.Next();
    if (!line.ok()) return At(name, line.status());
    if (!*line) return absl::OkStatus();
    const absl::Status status = each(**line, static_cast<int>(lines.line()));
    if (!status.ok()) return At(fmt::format("{}: line {}", name, lines.line()), status);
  }
}

}  // namespace guichet
