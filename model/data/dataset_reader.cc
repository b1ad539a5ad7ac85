#include "model/data/dataset_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/cleaning/text_cleaner.h"
#include "model/data/record_readers.h"

namespace guichet {
namespace {

constexpr std::array<std::string_view, 4> kFields = {"id", "subject", "body", "label"};

class TextReader : public TicketReader {
 public:
  TextReader(LineReader lines, const TicketReaderOptions& options)
      : options_(options), lines_(std::move(lines)) {}

  absl::StatusOr<std::optional<Ticket>> Next() override {
    GUICHET_ASSIGN_OR_RETURN(auto line, lines_.Next());
    if (!line) return std::nullopt;
    // Not passed over: answers are matched with lines by their order.
    if (IsBlank(*line) && !options_.allow_empty) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: a blank line is no ticket", this->line()));
    }
    Ticket ticket;
    ticket.body = *std::move(line);
    return ticket;
  }

  std::int64_t line() const override { return lines_.line(); }
  std::string_view encoding() const override { return lines_.encoding(); }

 private:
  const TicketReaderOptions options_;
  LineReader lines_;
};

// Puts the file's name before every message, and cleans what a preset says is HTML.
class NamedReader : public TicketReader {
 public:
  NamedReader(std::string name, std::unique_ptr<TicketReader> reader, bool holds_html)
      : name_(std::move(name)), holds_html_(holds_html), reader_(std::move(reader)) {}

  absl::StatusOr<std::optional<Ticket>> Next() override {
    auto ticket = reader_->Next();
    if (!ticket.ok()) return Named(name_, ticket.status());
    if (holds_html_ && ticket->has_value()) {
      for (std::string* text : {&(*ticket)->subject, &(*ticket)->body, &(*ticket)->label}) {
        *text = CleanText(*text, {.html = true});
      }
    }
    return ticket;
  }

  std::int64_t line() const override { return reader_->line(); }
  std::string_view encoding() const override { return reader_->encoding(); }

  static absl::Status Named(const std::string& name, const absl::Status& status) {
    const std::string message(status.message().data(), status.message().size());
    return absl::Status(status.code(), fmt::format("{}: {}", name, message));
  }

 private:
  const std::string name_;
  const bool holds_html_;
  const std::unique_ptr<TicketReader> reader_;
};

absl::StatusOr<std::unique_ptr<TicketReader>> MakeReader(std::unique_ptr<ByteSource> source,
                                                         TicketFormat format,
                                                         const TicketReaderOptions& options) {
  LineReader lines(std::move(source), {.max_line_bytes = options.max_record_bytes,
                                       .encoding = options.encoding,
                                       .guess_windows_1252 = format == TicketFormat::kCsv ||
                                                             format == TicketFormat::kTsv});
  switch (format) {
    case TicketFormat::kJsonLines:
      return MakeJsonLinesReader(std::move(lines), options);
    case TicketFormat::kCsv:
      return MakeDelimitedReader(std::move(lines), '\0', options);
    case TicketFormat::kTsv:
      return MakeDelimitedReader(std::move(lines), '\t', options);
    case TicketFormat::kGuess:
    case TicketFormat::kText:
      break;
  }
  return MakeTextReader(std::move(lines), options);
}

absl::StatusOr<std::unique_ptr<TicketReader>> MakeNamedReader(std::unique_ptr<ByteSource> source,
                                                              const std::string& name,
                                                              TicketFormat format,
                                                              const TicketReaderOptions& options) {
  auto reader = MakeReader(std::move(source), format, options);
  if (!reader.ok()) return NamedReader::Named(name, reader.status());
  return std::make_unique<NamedReader>(name, *std::move(reader), HoldsHtml(options.preset));
}

}  // namespace

absl::Status TicketReaderOptions::Validate() const {
  if (max_record_bytes < 1 || max_record_bytes > (size_t{64} << 20)) {
    return absl::InvalidArgumentError(
        fmt::format("max_record_bytes must be in [1, 64 MiB], not {}", max_record_bytes));
  }
  if (max_columns < 1 || max_columns > 10'000) {
    return absl::InvalidArgumentError(
        fmt::format("max_columns must be in [1, 10000], not {}", max_columns));
  }
  for (const auto& [field, column] : columns) {
    if (std::ranges::find(kFields, field) == kFields.end() || column.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("cannot map '{}' to '{}': the fields are id, subject, body and label, and a "
                      "column has a name",
                      field, column));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TicketFormat> ParseTicketFormat(std::string_view name) {
  if (name == "text") return TicketFormat::kText;
  if (name == "jsonl") return TicketFormat::kJsonLines;
  if (name == "csv") return TicketFormat::kCsv;
  if (name == "tsv") return TicketFormat::kTsv;
  return absl::InvalidArgumentError(
      fmt::format("unknown input format '{}'; the formats are text, jsonl, csv and tsv", name));
}

TicketFormat GuessTicketFormat(const std::filesystem::path& path) {
  const auto extension = path.extension() == ".gz" ? path.stem().extension() : path.extension();
  if (extension == ".jsonl" || extension == ".ndjson" || extension == ".json") {
    return TicketFormat::kJsonLines;
  }
  if (extension == ".csv") return TicketFormat::kCsv;
  if (extension == ".tsv" || extension == ".tab") return TicketFormat::kTsv;
  return TicketFormat::kText;
}

absl::StatusOr<ColumnMap> ParseColumnMap(std::string_view text) {
  ColumnMap columns;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view entry = text.substr(0, comma);
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    const size_t equals = entry.find('=');
    const std::string field(entry.substr(0, equals));
    if (equals == entry.npos || equals + 1 == entry.size() ||
        std::ranges::find(kFields, field) == kFields.end()) {
      return absl::InvalidArgumentError(
          fmt::format("cannot map '{}'; write field=column with the fields id, subject, body and "
                      "label, e.g. body=Description,label=Catégorie",
                      entry));
    }
    if (!columns.emplace(field, entry.substr(equals + 1)).second) {
      return absl::InvalidArgumentError(fmt::format("the field '{}' is mapped twice", field));
    }
  }
  return columns;
}

std::unique_ptr<TicketReader> MakeTextReader(LineReader lines, const TicketReaderOptions& options) {
  return std::make_unique<TextReader>(std::move(lines), options);
}

std::string_view MappedName(const ColumnMap& columns, std::string_view field) {
  const auto mapped = columns.find(std::string(field));
  return mapped == columns.end() ? field : std::string_view(mapped->second);
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

absl::Status CheckHasText(const Ticket& ticket, std::int64_t line,
                          const TicketReaderOptions& options) {
  if (options.allow_empty || !IsBlank(ticket.subject) || !IsBlank(ticket.body)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("line {}: neither subject nor body has text; fill one or remove the row", line));
}

absl::StatusOr<std::unique_ptr<TicketReader>> OpenTicketReader(const std::filesystem::path& path,
                                                               const TicketReaderOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  GUICHET_ASSIGN_OR_RETURN(auto source, OpenFileSource(path));
  const TicketFormat format =
      options.format == TicketFormat::kGuess ? GuessTicketFormat(path) : options.format;
  return MakeNamedReader(std::move(source), path.filename().string(), format, options);
}

absl::StatusOr<std::unique_ptr<TicketReader>> OpenTicketReader(std::unique_ptr<ByteSource> source,
                                                               const std::string& name,
                                                               const TicketReaderOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  return MakeNamedReader(std::move(source), name, options.format, options);
}

absl::StatusOr<std::vector<Ticket>> ReadAllTickets(const std::filesystem::path& path,
                                                   const TicketReaderOptions& options,
                                                   size_t max_rows) {
  GUICHET_ASSIGN_OR_RETURN(auto reader, OpenTicketReader(path, options));
  std::vector<Ticket> tickets;
  for (;;) {
    GUICHET_ASSIGN_OR_RETURN(auto ticket, reader->Next());
    if (!ticket) return tickets;
    if (tickets.size() == max_rows) {
      return absl::ResourceExhaustedError(fmt::format(
          "{} holds more than {} tickets; split it or raise the limit", path.string(), max_rows));
    }
    tickets.push_back(*std::move(ticket));
  }
}

}  // namespace guichet
