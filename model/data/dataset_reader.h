#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/byte_source.h"
#include "model/data/export_preset.h"
#include "model/data/text_encoding.h"
#include "model/data/ticket.h"

namespace guichet {

enum class TicketFormat {
  kGuess,      // by the file's name, ".gz" put aside; text where it says nothing
  kText,       // one ticket a line; a blank one is an error of that line
  kJsonLines,  // objects with id, subject, body (or text) and label: one a line, or in one list
  kCsv,        // RFC 4180 with a header row; comma, semicolon, tab or bar found from the header
  kTsv         // the same, tabs
};

// "text", "jsonl", "csv" or "tsv".
absl::StatusOr<TicketFormat> ParseTicketFormat(std::string_view name);
TicketFormat GuessTicketFormat(const std::filesystem::path& path);

// Name in the file of each of id, subject, body and label that is called otherwise there.
using ColumnMap = std::map<std::string, std::string>;

// "body=Description,label=Catégorie". INVALID_ARGUMENT for unknown or repeated fields.
absl::StatusOr<ColumnMap> ParseColumnMap(std::string_view text);

struct TicketReaderOptions {
  TicketFormat format = TicketFormat::kGuess;
  // kAuto finds Windows-1252 in csv and tsv files only, which Excel writes so.
  TextEncoding encoding = TextEncoding::kAuto;
  // Whose export it is: names the columns that `columns` does not, takes HTML for the text it
  // shows, and of columns of one name the first that is filled.
  ExportPreset preset = ExportPreset::kNone;
  ColumnMap columns;
  // Accept rows with neither subject nor body, which otherwise are errors.
  bool allow_empty = false;
  // Longest record in bytes, quoted line breaks included; in [1, 64 MiB].
  size_t max_record_bytes = size_t{1} << 20;
  // Most columns of a csv or tsv file; in [1, 10000].
  size_t max_columns = 1000;

  absl::Status Validate() const;
};

// Tickets of a data set, one at a time and in order; memory does not grow with the file. Every
// ticket is valid UTF-8. Not thread-safe.
class TicketReader {
 public:
  virtual ~TicketReader() = default;

  // The next ticket, or nothing at the end. INVALID_ARGUMENT ("NAME: line N: …") refuses one
  // record, and the next call goes on behind it; any other error is final.
  virtual absl::StatusOr<std::optional<Ticket>> Next() = 0;

  // Line on which the record that Next() returned or refused begins, from 1.
  virtual std::int64_t line() const = 0;

  // What the file was read as so far: "utf-8", "windows-1252" or "utf-16".
  virtual std::string_view encoding() const = 0;
};

// Gzip files are unpacked on the way. NOT_FOUND where there is no file; INVALID_ARGUMENT when a
// csv or tsv header names no subject, body or text (nor what a preset calls them), or lacks a
// mapped column.
absl::StatusOr<std::unique_ptr<TicketReader>> OpenTicketReader(const std::filesystem::path& path,
                                                               const TicketReaderOptions& options);

// name is what messages call the source.
absl::StatusOr<std::unique_ptr<TicketReader>> OpenTicketReader(std::unique_ptr<ByteSource> source,
                                                               const std::string& name,
                                                               const TicketReaderOptions& options);

// All tickets of a file; the first refused record is the error. RESOURCE_EXHAUSTED when there are
// more than max_rows.
absl::StatusOr<std::vector<Ticket>> ReadAllTickets(const std::filesystem::path& path,
                                                   const TicketReaderOptions& options,
                                                   size_t max_rows);

}  // namespace guichet
