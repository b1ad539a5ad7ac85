#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/dataset_reader.h"

namespace guichet {

// The FILE argument of a command and how to read it: `-` is stdin, --input names the form, --map
// renames columns.
struct InputOptions {
  std::string file;
  std::string format;  // empty: by the file's name
  std::string columns;
};

// Adds FILE, --input and --map to a command; AddInputForm the last two alone.
void AddInputOptions(CLI::App& command, InputOptions& options);
void AddInputForm(CLI::App& command, InputOptions& options);

// The tickets of FILE or stdin, in order. Errors name the file and the line.
absl::StatusOr<std::unique_ptr<TicketReader>> OpenInput(const InputOptions& options,
                                                        bool allow_empty);

// Whether the input may pause between two tickets: stdin, when it is no file.
bool IsLive(const InputOptions& options);

// Calls `each` with every line of FILE (.gz is unpacked) or stdin, its line end and a byte order
// mark put aside, and its number from 1; stops at the first error. INVALID_ARGUMENT: a line over
// 16 MiB or not UTF-8.
absl::Status ForEachLine(
    const std::string& file,
    const std::function<absl::Status(const std::string& line, int number)>& each);
}  // namespace guichet
