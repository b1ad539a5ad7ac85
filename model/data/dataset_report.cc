#include "model/data/dataset_report.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/data/dataset_inspector.h"

namespace guichet {

bool DatasetReport::has_errors() const {
  return std::ranges::any_of(findings, [](const DatasetFinding& finding) {
    return finding.severity == FindingSeverity::kError;
  });
}

absl::Status DatasetReportOptions::Validate() const {
  if (max_lines < 1 || min_rows_per_label < 1 || long_characters < 1 || max_rows < 1 ||
      max_labels < 1) {
    return absl::InvalidArgumentError(
        fmt::format("max_lines, min_rows_per_label, long_characters, max_rows and max_labels must "
                    "be at least 1, not {}, {}, {}, {} and {}",
                    max_lines, min_rows_per_label, long_characters, max_rows, max_labels));
  }
  if (!(max_conflicting_share >= 0 && max_conflicting_share <= 1)) {
    return absl::InvalidArgumentError(
        fmt::format("max_conflicting_share is {}; it must be 0 to 1", max_conflicting_share));
  }
  return absl::OkStatus();
}

absl::StatusOr<DatasetReport> ReportDataset(TicketReader& reader,
                                            const DatasetReportOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  DatasetInspector inspector(options);
  for (;;) {
    const auto ticket = reader.Next();
    if (absl::IsInvalidArgument(ticket.status())) {
      const auto message = ticket.status().message();
      inspector.AddInvalid(reader.line(), std::string_view(message.data(), message.size()));
      continue;
    }
    GUICHET_RETURN_IF_ERROR(ticket.status());
    if (!ticket->has_value()) {
      DatasetReport report = inspector.Finish();
      report.encoding = reader.encoding();
      return report;
    }
    if (inspector.rows() == options.max_rows) {
      return absl::ResourceExhaustedError(fmt::format(
          "more than {} rows; report on a part of them or raise the limit", options.max_rows));
    }
    inspector.Add(**ticket, reader.line());
  }
}

}  // namespace guichet
