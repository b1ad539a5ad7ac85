#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "model/data/dataset_report.h"
#include "model/text/utf8.h"

// A data set from outside. The first byte chooses the format and the preset, the second the
// encoding where the first says so, the rest is the file. Reading must end, and the report must
// count no more rows than the text has characters and hold valid UTF-8.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using guichet::ExportPreset;
  using guichet::TextEncoding;
  using guichet::TicketFormat;
  if (size == 0) return 0;
  constexpr TicketFormat kFormats[] = {TicketFormat::kText, TicketFormat::kJsonLines,
                                       TicketFormat::kCsv, TicketFormat::kTsv};
  guichet::TicketReaderOptions options;
  options.format = kFormats[data[0] % 4];
  options.allow_empty = (data[0] & 4U) != 0;
  constexpr ExportPreset kPresets[] = {ExportPreset::kNone, ExportPreset::kGlpi,
                                       ExportPreset::kZammad, ExportPreset::kJira};
  options.preset = kPresets[data[0] >> 6U];
  constexpr TextEncoding kEncodings[] = {TextEncoding::kAuto, TextEncoding::kUtf8,
                                         TextEncoding::kWindows1252, TextEncoding::kUtf16};
  const std::size_t begin = (data[0] & 8U) != 0 && size > 1 ? 2 : 1;
  if (begin == 2) options.encoding = kEncodings[data[1] % 4];
  options.max_record_bytes = 1000;
  options.max_columns = 50;
  std::istringstream stream(std::string(reinterpret_cast<const char*>(data) + begin, size - begin));
  const auto reader = guichet::OpenTicketReader(guichet::MakeStreamSource(stream), "fuzz", options);
  if (!reader.ok()) return 0;
  const auto report = guichet::ReportDataset(**reader, {});
  if (report.ok() && report->rows > static_cast<std::int64_t>(size)) std::abort();
  if (report.ok() && guichet::FindInvalidUtf8(guichet::ToJson(*report))) std::abort();
  return 0;
}
