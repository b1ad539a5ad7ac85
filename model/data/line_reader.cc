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
constexpr std::string_view kUtf16LittleMark = "\xFF\xFE";
constexpr std::string_view kUtf16BigMark = "\xFE\xFF";

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteSource> source, const LineReaderOptions& options)
    : source_(std::move(source)),
      max_line_bytes_(options.max_line_bytes),
      encoding_(options.encoding),
      guess_windows_1252_(options.guess_windows_1252),
      buffer_(kBufferBytes) {}

std::string_view LineReader::encoding() const {
  if (encoding_ == TextEncoding::kUtf16) return "utf-16";
  return encoding_ == TextEncoding::kWindows1252 ? "windows-1252" : "utf-8";
}

// A mark of UTF-16 must be seen before lines are looked for: in it, half a character may equal LF.
absl::Status LineReader::Begin() {
  if (encoding_ != TextEncoding::kAuto && encoding_ != TextEncoding::kUtf16) {
    return absl::OkStatus();
  }
  std::string first;
  // Text that cannot begin with a mark is not waited for.
  while (first.empty() || (first.size() == 1 && (first[0] == '\xFF' || first[0] == '\xFE'))) {
    GUICHET_ASSIGN_OR_RETURN(const size_t count, source_->Read(buffer_));
    if (count == 0) break;
    first.append(buffer_.data(), count);
  }
  const bool little = first.starts_with(kUtf16LittleMark);
  const bool big = first.starts_with(kUtf16BigMark);
  if (little || big) {
    encoding_ = TextEncoding::kUtf16;
    first.erase(0, kUtf16LittleMark.size());
  }
  source_ = MakeResumedSource(std::move(first), std::move(source_));
  if (encoding_ == TextEncoding::kUtf16) source_ = MakeUtf16Source(std::move(source_), big);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> LineReader::Next() {
  GUICHET_RETURN_IF_ERROR(final_error_);
  std::string line;
  bool too_long = false;
  if (line_ == 0) final_error_ = Begin();
  GUICHET_RETURN_IF_ERROR(final_error_);
  const auto taken = TakeLine(line, too_long);
  if (taken.ok() && !*taken) return std::nullopt;
  ++line_;
  if (!taken.ok()) return final_error_ = taken.status();
  if (line_ == 1 && encoding_ != TextEncoding::kWindows1252 && line.starts_with(kUtf8Mark)) {
    line.erase(0, kUtf8Mark.size());
    if (encoding_ == TextEncoding::kAuto) encoding_ = TextEncoding::kUtf8;
  }
  if (line.ends_with('\r')) line.pop_back();
  if (!too_long && line.size() <= max_line_bytes_) GUICHET_RETURN_IF_ERROR(Decode(line));
  if (too_long || line.size() > max_line_bytes_) {
    return absl::InvalidArgumentError(
        fmt::format("line {}: longer than {} bytes; raise the record limit or check for a missing "
                    "line end",
                    line_, max_line_bytes_));
  }
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

absl::Status LineReader::Decode(std::string& line) {
  if (encoding_ == TextEncoding::kAuto && guess_windows_1252_) Guess(line);
  if (encoding_ != TextEncoding::kWindows1252) return CheckUtf8(line);
  if (const auto invalid = FindInvalidWindows1252(line)) {
    return absl::InvalidArgumentError(
        fmt::format("line {}: byte {} (0x{:02X}) is no character of Windows-1252; name the file's "
                    "encoding if it is another one",
                    line_, *invalid + 1, static_cast<unsigned char>(line[*invalid])));
  }
  line = Windows1252ToUtf8(line);
  return absl::OkStatus();
}

void LineReader::Guess(const std::string& line) {
  std::int64_t characters = 0;  // beyond ASCII, as UTF-8 has them
  std::int64_t refused = 0;
  for (size_t i = 0; i < line.size();) {
    if (static_cast<unsigned char>(line[i]) < 0x80U) {
      ++i;
      continue;
    }
    const Utf8Character character = DecodeUtf8(line, i);
    ++(character.valid ? characters : refused);
    i += character.length;
  }
  if (refused > characters) {
    // Without an answer where Windows-1252 refuses bytes as well: the next line may give it.
    if (!FindInvalidWindows1252(line)) encoding_ = TextEncoding::kWindows1252;
  } else if (characters > 0) {
    encoding_ = TextEncoding::kUtf8;
  }
}

absl::Status LineReader::CheckUtf8(const std::string& line) const {
  const auto invalid = FindInvalidUtf8(line);
  if (!invalid) return absl::OkStatus();
  if (encoding_ == TextEncoding::kUtf16) {
    return absl::InvalidArgumentError(fmt::format(
        "line {}: not UTF-16: half a character behind {} bytes of text", line_, *invalid));
  }
  const bool neither = encoding_ == TextEncoding::kAuto && guess_windows_1252_;
  return absl::InvalidArgumentError(fmt::format(
      "line {}: not UTF-8{} at byte {} (0x{:02X}); if the file is Windows-1252 or UTF-16, name its "
      "encoding",
      line_, neither ? ", nor Windows-1252 throughout," : "", *invalid + 1,
      static_cast<unsigned char>(line[*invalid])));
}

}  // namespace guichet
