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

constexpr size_t kAbsent = static_cast<size_t>(-1);

// Which column holds each field.
struct Columns {
  size_t count = 0;
  size_t id = kAbsent;
  size_t subject = kAbsent;
  size_t body = kAbsent;
  size_t label = kAbsent;
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

absl::StatusOr<size_t> FindColumn(const std::vector<std::string>& header, std::string_view name) {
  size_t found = kAbsent;
  for (size_t i = 0; i < header.size(); ++i) {
    if (NormalName(header[i]) != NormalName(name)) continue;
    if (found != kAbsent) {
      return absl::InvalidArgumentError(
          fmt::format("two columns are called '{}'; rename one", name));
    }
    found = i;
  }
  return found;
}

absl::StatusOr<Columns> ReadHeader(const std::vector<std::string>& header,
                                   const ColumnMap& mapped) {
  Columns columns;
  columns.count = header.size();
  const std::array<std::pair<std::string_view, size_t*>, 4> fields = {
      {{"id", &columns.id},
       {"subject", &columns.subject},
       {"body", &columns.body},
       {"label", &columns.label}}};
  for (const auto& [field, column] : fields) {
    const std::string_view name = MappedName(mapped, field);
    GUICHET_ASSIGN_OR_RETURN(*column, FindColumn(header, name));
    if (*column == kAbsent && mapped.contains(std::string(field))) {
      return absl::InvalidArgumentError(
          fmt::format("no column '{}', to which '{}' is mapped; the columns are: {}", name, field,
                      fmt::join(header, ", ")));
    }
  }
  if (columns.body == kAbsent) {
    GUICHET_ASSIGN_OR_RETURN(columns.body, FindColumn(header, "text"));
  }
  if (columns.body == kAbsent && columns.subject == kAbsent) {
    return absl::InvalidArgumentError(
        fmt::format("no column is called subject, body or text; map one, e.g. --map "
                    "body=Description. The columns are: {}",
                    fmt::join(header, ", ")));
  }
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
    const auto take = [&](size_t column) {
      return column == kAbsent ? std::string() : std::move((*fields)[column]);
    };
    Ticket ticket{take(columns_.id), take(columns_.subject), take(columns_.body),
                  take(columns_.label)};
    GUICHET_RETURN_IF_ERROR(CheckHasText(ticket, line(), options_));
    return ticket;
  }

  std::int64_t line() const override { return records_.line(); }

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
  GUICHET_ASSIGN_OR_RETURN(const Columns columns, ReadHeader(*header, options.columns));
  return std::make_unique<DelimitedReader>(std::move(records), columns, options);
}

}  // namespace guichet
