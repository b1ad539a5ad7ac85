#include "model/data/line_reader.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kUtf16Marks[] = {"\xFF\xFE", "\xFE\xFF"};

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteSource> source, size_t max_line_bytes)
    : source_(std::move(source)), max_line_bytes_(max_line_bytes), buffer_(kBufferBytes) {}

absl::StatusOr<std::optional<std::string>> LineReader::Next() {
  GUICHET_RETURN_IF_ERROR(final_error_);
  std::string line;
  bool too_long = false;
  auto taken = TakeLine(line, too_long);
  if (taken.ok() && !*taken) return std::nullopt;
  ++line_;
  if (taken.ok() && line_ == 1) {
    for (const std::string_view mark : kUtf16Marks) {
      if (line.starts_with(mark)) {
        taken = absl::FailedPreconditionError(
            "line 1: the text is UTF-16; save it as UTF-8 (iconv -f utf-16 -t utf-8)");
      }
    }
    if (line.starts_with(kUtf8Mark)) line.erase(0, kUtf8Mark.size());
  }
  if (!taken.ok()) return final_error_ = taken.status();
  if (line.ends_with('\r')) line.pop_back();
  if (too_long || line.size() > max_line_bytes_) {
    return absl::InvalidArgumentError(
        fmt::format("line {}: longer than {} bytes; raise the record limit or check for a missing "
                    "line end",
                    line_, max_line_bytes_));
  }
  GUICHET_RETURN_IF_ERROR(Check(line));
  return line;
}

absl::StatusOr<bool> LineReader::FillBuffer() {
  begin_ = 0;
  GUICHET_ASSIGN_OR_RETURN(end_, source_->Read(buffer_));
  return end_ > 0;
}

absl::StatusOr<bool> LineReader::TakeLine(std::string& line, bool& too_long) {
  bool any = false;
  for (;;) {
    if (begin_ == end_) {
      GUICHET_ASSIGN_OR_RETURN(const bool more, FillBuffer());
      if (!more) return any;
    }
    any = true;
    const char* from = buffer_.data() + begin_;
    const auto* found = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    const size_t size = found != nullptr ? static_cast<size_t>(found - from) : end_ - begin_;
    // One more byte than allowed: the CR of a line of the full length.
    too_long = too_long || line.size() + size > max_line_bytes_ + 1;
    if (!too_long) line.append(from, size);
    begin_ += size + (found != nullptr ? 1 : 0);
    if (found != nullptr) return true;
  }
}

absl::Status LineReader::Check(const std::string& line) const {
  const auto invalid = FindInvalidUtf8(line);
  if (!invalid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("line {}: not UTF-8 at byte {} (0x{:02X}); if the file is Latin-1, convert it "
                  "with iconv -f latin1 -t utf-8",
                  line_, *invalid + 1, static_cast<unsigned char>(line[*invalid])));
}

}  // namespace guichet
