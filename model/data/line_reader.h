#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/byte_source.h"
#include "model/data/text_encoding.h"

namespace guichet {

struct LineReaderOptions {
  size_t max_line_bytes = size_t{1} << 20;  // in UTF-8
  TextEncoding encoding = TextEncoding::kAuto;
  // Whether kAuto may find Windows-1252, which has no mark: the first line with a byte above 0x7F
  // decides for the whole file. It is UTF-8 unless most of its characters are not and all of its
  // bytes are characters of Windows-1252.
  bool guess_windows_1252 = false;
};

// Lines of a text as UTF-8, of bounded length, without their ends (LF or CRLF) and without a byte
// order mark. Not thread-safe.
class LineReader {
 public:
  LineReader(std::unique_ptr<ByteSource> source, const LineReaderOptions& options);

  // The next line, or nothing at the end; a last line without an end counts. INVALID_ARGUMENT,
  // which begins with "line N:", when a line is too long or its bytes do not fit the encoding: that
  // line is skipped, reading can go on. Any other error is final.
  absl::StatusOr<std::optional<std::string>> Next();

  // What the lines so far were read as: "utf-8" (which all-ASCII is), "windows-1252" or "utf-16".
  std::string_view encoding() const;

  // Number of the line that Next() returned or refused, from 1.
  std::int64_t line() const { return line_; }

 private:
  absl::Status Begin();
  absl::StatusOr<bool> FillBuffer();
  // Takes the rest of a line. False at the end of the source.
  absl::StatusOr<bool> TakeLine(std::string& line, bool& too_long);
  absl::Status Decode(std::string& line);
  absl::Status CheckUtf8(const std::string& line) const;
  void Guess(const std::string& line);

  std::unique_ptr<ByteSource> source_;
  size_t max_line_bytes_;
  TextEncoding encoding_;  // kAuto: not found out yet
  bool guess_windows_1252_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::int64_t line_ = 0;
  absl::Status final_error_;
};

}  // namespace guichet
