#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/dataset_reader.h"
#include "model/data/line_reader.h"

namespace guichet {

// The readers behind OpenTicketReader, one a format. Their messages start at "line N:".
std::unique_ptr<TicketReader> MakeTextReader(LineReader lines, const TicketReaderOptions& options);
std::unique_ptr<TicketReader> MakeJsonLinesReader(LineReader lines,
                                                  const TicketReaderOptions& options);
// Reads the header row. delimiter 0: find it.
absl::StatusOr<std::unique_ptr<TicketReader>> MakeDelimitedReader(
    LineReader lines, char delimiter, const TicketReaderOptions& options);

// The name in the file of a field such as "body".
std::string_view MappedName(const ColumnMap& columns, std::string_view field);

bool IsBlank(std::string_view text);

// INVALID_ARGUMENT for a ticket without text, unless the options accept it.
absl::Status CheckHasText(const Ticket& ticket, std::int64_t line,
                          const TicketReaderOptions& options);

}  // namespace guichet
