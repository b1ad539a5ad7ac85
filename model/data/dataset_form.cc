#include "model/data/dataset_form.h"

#include "base/status_macros.h"

namespace guichet {

absl::StatusOr<TicketReaderOptions> ToReaderOptions(const DatasetForm& form) {
  TicketReaderOptions options;
  if (!form.format.empty()) {
    GUICHET_ASSIGN_OR_RETURN(options.format, ParseTicketFormat(form.format));
  }
  if (!form.columns.empty()) {
    GUICHET_ASSIGN_OR_RETURN(options.columns, ParseColumnMap(form.columns));
  }
  GUICHET_ASSIGN_OR_RETURN(options.preset, ParseExportPreset(form.preset));
  // Jira repeats a column as often as the issue with the most comments needs.
  if (options.preset == ExportPreset::kJira) options.max_columns = 10'000;
  if (!form.encoding.empty()) {
    GUICHET_ASSIGN_OR_RETURN(options.encoding, ParseTextEncoding(form.encoding));
  }
  return options;
}

}  // namespace guichet
