#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/dataset_form.h"
#include "model/data/dataset_reader.h"

namespace guichet {

// The FILE argument of a command and how to read it: `-` is stdin.
struct InputOptions {
  std::string file;
  DatasetForm form;
};

// Adds FILE, --input and the options of AddFormOptions to a command; AddInputForm all but FILE.
void AddInputOptions(CLI::App& command, InputOptions& options);
void AddInputForm(CLI::App& command, InputOptions& options);
// Adds --map, --preset and --encoding.
void AddFormOptions(CLI::App& command, DatasetForm& form);

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
