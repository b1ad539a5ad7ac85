#include "model/data/delimited_records.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/data/record_readers.h"

namespace guichet {
namespace {

constexpr std::string_view kDelimiters = ",;\t|";

}  // namespace

char FindDelimiter(std::string_view header) {
  size_t counts[kDelimiters.size()] = {};
  bool quoted = false;
  for (const char c : header) {
    if (c == '"') quoted = !quoted;
    const size_t which = kDelimiters.find(c);
    if (!quoted && which != kDelimiters.npos) ++counts[which];
  }
  return kDelimiters[static_cast<size_t>(std::ranges::max_element(counts) - counts)];
}

DelimitedRecords::DelimitedRecords(LineReader lines, char delimiter, size_t max_record_bytes,
                                   size_t max_fields)
    : lines_(std::move(lines)),
      delimiter_(delimiter),
      max_record_bytes_(max_record_bytes),
      max_fields_(max_fields) {}

absl::StatusOr<std::optional<std::vector<std::string>>> DelimitedRecords::Next() {
  auto line = FirstLine();
  line_ = lines_.line();
  GUICHET_RETURN_IF_ERROR(line.status());
  if (!line->has_value()) return std::nullopt;
  std::vector<std::string> fields(1);
  state_ = State::kFieldStart;
  size_t bytes = 0;
  for (;;) {
    bytes += (*line)->size() + 1;
    GUICHET_RETURN_IF_ERROR(ParseLine(**line, fields));
    if (state_ != State::kQuoted) return fields;
    if (bytes > max_record_bytes_) {
      return Refusal(
          fmt::format("a quoted field does not end within {} bytes; look for a missing "
                      "closing quote",
                      max_record_bytes_));
    }
    line = lines_.Next();
    GUICHET_RETURN_IF_ERROR(line.status());
    if (!line->has_value()) return Refusal("a quoted field does not end before the file does");
    fields.back() += '\n';
  }
}

absl::StatusOr<std::optional<std::string>> DelimitedRecords::FirstLine() {
  for (;;) {
    GUICHET_ASSIGN_OR_RETURN(auto line, lines_.Next());
    if (!line) return line;
    // A line of tabs alone is a record of empty fields, not a blank line.
    if (line->find_first_not_of(' ') == line->npos) continue;
    if (!std::exchange(started_, true)) {
      if (line->size() == 5 && line->starts_with("sep=") && delimiter_ == '\0') {
        delimiter_ = line->back();
        continue;
      }
      if (delimiter_ == '\0') delimiter_ = FindDelimiter(*line);
    }
    return line;
  }
}

absl::Status DelimitedRecords::ParseLine(std::string_view line, std::vector<std::string>& fields) {
  for (const char c : line) GUICHET_RETURN_IF_ERROR(ParseCharacter(c, fields));
  if (state_ == State::kQuoteInQuoted) state_ = State::kAfterQuoted;
  return absl::OkStatus();
}

absl::Status DelimitedRecords::ParseCharacter(char c, std::vector<std::string>& fields) {
  std::string& field = fields.back();
  if (c == delimiter_ && state_ != State::kQuoted) {
    if (fields.size() == max_fields_) {
      return Refusal(fmt::format("more than {} columns; is '{}' the delimiter?", max_fields_,
                                 delimiter_ == '\t' ? std::string("\\t") : std::string(1, c)));
    }
    fields.emplace_back();
    state_ = State::kFieldStart;
    return absl::OkStatus();
  }
  switch (state_) {
    case State::kFieldStart:
      state_ = c == '"' ? State::kQuoted : State::kUnquoted;
      if (c != '"') field += c;
      break;
    case State::kUnquoted:
      field += c;
      break;
    case State::kQuoted:
      if (c == '"') {
        state_ = State::kQuoteInQuoted;
      } else {
        field += c;
      }
      break;
    case State::kQuoteInQuoted:
    case State::kAfterQuoted:
      if (c == '"' && state_ == State::kQuoteInQuoted) {
        field += c;
        state_ = State::kQuoted;
      } else if (c == ' ') {
        state_ = State::kAfterQuoted;
      } else {
        return Refusal(
            fmt::format("text after the closing quote of column {}; a quote inside a "
                        "quoted field is written \"\"",
                        fields.size()));
      }
      break;
  }
  return absl::OkStatus();
}

absl::Status DelimitedRecords::Refusal(std::string_view reason) const {
  return absl::InvalidArgumentError(fmt::format("line {}: {}", line_, reason));
}

}  // namespace guichet
