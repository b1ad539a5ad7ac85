#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status_macros.h"
#include "model/data/delimited_records.h"
#include "model/data/record_readers.h"

namespace guichet {
namespace {

// Which columns hold each field: none where it is absent, several where an export repeats one.
struct Columns {
  size_t count = 0;
  std::vector<size_t> id;
  std::vector<size_t> subject;
  std::vector<size_t> body;
  std::vector<size_t> label;
};

// Header names are compared without the spaces around them and without regard to ASCII case.
std::string NormalName(std::string_view name) {
  const size_t begin = name.find_first_not_of(" \t");
  if (begin == name.npos) return {};
  std::string normal(name.substr(begin, name.find_last_not_of(" \t") - begin + 1));
  for (char& c : normal) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return normal;
}

using Header = std::vector<std::string>;

absl::StatusOr<std::vector<size_t>> FindColumns(const Header& header, std::string_view name,
                                                const TicketReaderOptions& options) {
  std::vector<size_t> found;
  for (size_t i = 0; i < header.size(); ++i) {
    if (NormalName(header[i]) == NormalName(name)) found.push_back(i);
  }
  if (found.size() > 1 && options.preset == ExportPreset::kNone) {
    return absl::InvalidArgumentError(fmt::format("two columns are called '{}'; rename one", name));
  }
  return found;
}

absl::StatusOr<std::vector<size_t>> FindField(const Header& header, std::string_view field,
                                              const TicketReaderOptions& options) {
  const bool mapped = options.columns.contains(std::string(field));
  if (options.preset == ExportPreset::kNone || mapped) {
    const std::string_view name = MappedName(options.columns, field);
    GUICHET_ASSIGN_OR_RETURN(auto columns, FindColumns(header, name, options));
    if (!columns.empty() || !mapped) return columns;
    return absl::InvalidArgumentError(
        fmt::format("no column '{}', to which '{}' is mapped; the columns are: {}", name, field,
                    fmt::join(header, ", ")));
  }
  for (const std::string_view name : PresetColumns(options.preset, field)) {
    GUICHET_ASSIGN_OR_RETURN(auto columns, FindColumns(header, name, options));
    if (!columns.empty()) return columns;
  }
  return std::vector<size_t>();
}

absl::Status RefuseHeader(const Header& header, const Columns& columns,
                          const TicketReaderOptions& options) {
  const bool preset = options.preset != ExportPreset::kNone;
  if (!columns.body.empty() || !columns.subject.empty()) return absl::OkStatus();
  const std::string wanted =
      preset ? fmt::format("{} or {}", fmt::join(PresetColumns(options.preset, "subject"), ", "),
                           fmt::join(PresetColumns(options.preset, "body"), ", "))
             : "subject, body or text";
  return absl::InvalidArgumentError(
      fmt::format("no column is called {}; map one, e.g. --map body=Description. The columns are: "
                  "{}",
                  wanted, fmt::join(header, ", ")));
}

absl::StatusOr<Columns> ReadHeader(const Header& header, const TicketReaderOptions& options) {
  Columns columns;
  columns.count = header.size();
  const std::array<std::pair<std::string_view, std::vector<size_t>*>, 4> fields = {
      {{"id", &columns.id},
       {"subject", &columns.subject},
       {"body", &columns.body},
       {"label", &columns.label}}};
  for (const auto& [field, column] : fields) {
    GUICHET_ASSIGN_OR_RETURN(*column, FindField(header, field, options));
  }
  if (columns.body.empty() && options.preset == ExportPreset::kNone) {
    GUICHET_ASSIGN_OR_RETURN(columns.body, FindColumns(header, "text", options));
  }
  GUICHET_RETURN_IF_ERROR(RefuseHeader(header, columns, options));
  return columns;
}

class DelimitedReader : public TicketReader {
 public:
  DelimitedReader(DelimitedRecords records, const Columns& columns,
                  const TicketReaderOptions& options)
      : options_(options), columns_(columns), records_(std::move(records)) {}

  absl::StatusOr<std::optional<Ticket>> Next() override {
    GUICHET_ASSIGN_OR_RETURN(auto fields, records_.Next());
    if (!fields) return std::nullopt;
    if (fields->size() != columns_.count) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: {} columns where the header has {}; quote fields that hold the "
                      "delimiter or a line break",
                      line(), fields->size(), columns_.count));
    }
    const auto take = [&](const std::vector<size_t>& among) {
      for (const size_t column : among) {
        if (!IsBlank((*fields)[column])) return std::move((*fields)[column]);
      }
      return among.empty() ? std::string() : std::move((*fields)[among[0]]);
    };
    Ticket ticket{take(columns_.id), take(columns_.subject), take(columns_.body),
                  take(columns_.label)};
    GUICHET_RETURN_IF_ERROR(CheckHasText(ticket, line(), options_));
    return ticket;
  }

  std::int64_t line() const override { return records_.line(); }
  std::string_view encoding() const override { return records_.encoding(); }

 private:
  const TicketReaderOptions options_;
  const Columns columns_;
  DelimitedRecords records_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TicketReader>> MakeDelimitedReader(
    LineReader lines, char delimiter, const TicketReaderOptions& options) {
  DelimitedRecords records(std::move(lines), delimiter, options.max_record_bytes,
                           options.max_columns);
  GUICHET_ASSIGN_OR_RETURN(const auto header, records.Next());
  if (!header) return absl::InvalidArgumentError("no header row: the file is empty");
  GUICHET_ASSIGN_OR_RETURN(const Columns columns, ReadHeader(*header, options));
  return std::make_unique<DelimitedReader>(std::move(records), columns, options);
}

}  // namespace guichet
