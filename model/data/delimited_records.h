#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/line_reader.h"

namespace guichet {

// The delimiter of a header row: the most frequent of comma, semicolon, tab and bar outside quotes,
// the first of equals; a comma where there is none.
char FindDelimiter(std::string_view header);

// Records of a delimited text as RFC 4180 has them: fields may be quoted, "" in quotes is a quote,
// quoted fields may span lines (kept as LF). A quote inside an unquoted field is an ordinary
// character. A first line "sep=;", which Excel writes, names the delimiter. Not thread-safe.
class DelimitedRecords {
 public:
  // delimiter 0: FindDelimiter of the first record's first line.
  DelimitedRecords(LineReader lines, char delimiter, size_t max_record_bytes, size_t max_fields);

  // The fields of the next record, or nothing at the end; blank lines are skipped. INVALID_ARGUMENT
  // ("line N: …") refuses one record.
  absl::StatusOr<std::optional<std::vector<std::string>>> Next();

  // Line on which the record begins, from 1.
  std::int64_t line() const { return line_; }
  std::string_view encoding() const { return lines_.encoding(); }

 private:
  // Where the parser stands within a record.
  enum class State { kFieldStart, kUnquoted, kQuoted, kQuoteInQuoted, kAfterQuoted };

  absl::StatusOr<std::optional<std::string>> FirstLine();
  absl::Status ParseLine(std::string_view line, std::vector<std::string>& fields);
  absl::Status ParseCharacter(char c, std::vector<std::string>& fields);
  absl::Status Refusal(std::string_view reason) const;

  LineReader lines_;
  char delimiter_;
  size_t max_record_bytes_;
  size_t max_fields_;
  State state_ = State::kFieldStart;
  std::int64_t line_ = 0;
  bool started_ = false;
};

}  // namespace guichet
