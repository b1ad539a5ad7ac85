#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/byte_source.h"

namespace guichet {

// Lines of UTF-8 text from a source, of bounded length, without their ends (LF or CRLF) and without
// a byte order mark. Not thread-safe.
class LineReader {
 public:
  LineReader(std::unique_ptr<ByteSource> source, size_t max_line_bytes);

  // The next line, or nothing at the end; a last line without an end counts. INVALID_ARGUMENT,
  // which begins with "line N:", when a line is too long or not UTF-8: that line is skipped,
  // reading can go on. Any other error is final.
  absl::StatusOr<std::optional<std::string>> Next();

  // Number of the line that Next() returned or refused, from 1.
  std::int64_t line() const { return line_; }

 private:
  absl::StatusOr<bool> FillBuffer();
  // Takes the rest of a line. False at the end of the source.
  absl::StatusOr<bool> TakeLine(std::string& line, bool& too_long);
  absl::Status Check(const std::string& line) const;

  std::unique_ptr<ByteSource> source_;
  size_t max_line_bytes_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::int64_t line_ = 0;
  absl::Status final_error_;
};

}  // namespace guichet
