#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "model/data/dataset_report.h"

// A data set from outside. The first byte chooses the format, the rest is the file. Reading must
// end, and the report must count no more rows than the text has characters.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using guichet::TicketFormat;
  if (size == 0) return 0;
  constexpr TicketFormat kFormats[] = {TicketFormat::kText, TicketFormat::kJsonLines,
                                       TicketFormat::kCsv, TicketFormat::kTsv};
  guichet::TicketReaderOptions options;
  options.format = kFormats[data[0] % 4];
  options.allow_empty = (data[0] & 4U) != 0;
  options.max_record_bytes = 1000;
  options.max_columns = 50;
  std::istringstream stream(std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  const auto reader = guichet::OpenTicketReader(guichet::MakeStreamSource(stream), "fuzz", options);
  if (!reader.ok()) return 0;
  const auto report = guichet::ReportDataset(**reader, {});
  if (report.ok() && report->rows > static_cast<std::int64_t>(size)) std::abort();
  if (report.ok() && guichet::ToJson(*report).empty()) std::abort();
  return 0;
}
