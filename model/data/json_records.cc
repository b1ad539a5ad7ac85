#include "model/data/json_records.h"

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

JsonRecords::JsonRecords(LineReader lines, std::size_t max_record_bytes)
    : lines_(std::move(lines)), max_record_bytes_(max_record_bytes) {}

absl::StatusOr<std::optional<std::string>> JsonRecords::Next() {
  GUICHET_RETURN_IF_ERROR(final_error_);
  if (!begun_) GUICHET_RETURN_IF_ERROR(Begin());
  if (list_) return NextOfList();
  while (true) {
    if (at_ == text_.npos) {
      GUICHET_ASSIGN_OR_RETURN(const bool more, NextLine());
      if (!more) return std::nullopt;
    }
    at_ = text_.npos;
    record_line_ = lines_.line();
    if (text_.find_first_not_of(kBlank) != text_.npos) return std::move(text_);
  }
}

// Reads a line into text_; false at the end of the file.
absl::StatusOr<bool> JsonRecords::NextLine() {
  auto line = lines_.Next();
  record_line_ = line.ok() ? record_line_ : lines_.line();
  GUICHET_RETURN_IF_ERROR(line.status());
  if (!line->has_value()) return false;
  text_ = *std::move(*line);
  at_ = 0;
  return true;
}

// Finds out whether the file is a list. A line that holds nothing but "[" is followed by another.
absl::Status JsonRecords::Begin() {
  at_ = text_.npos;
  std::size_t first = text_.npos;
  while (first == text_.npos) {
    GUICHET_ASSIGN_OR_RETURN(const bool more, NextLine());
    if (!more) {
      begun_ = true;
      at_ = text_.npos;
      return absl::OkStatus();
    }
    first = text_.find_first_not_of(kBlank);
  }
  begun_ = true;
  if (text_[first] != '[') return absl::OkStatus();
  const std::size_t second = text_.find_first_not_of(kBlank, first + 1);
  list_ = second == text_.npos || text_[second] == '{';
  if (list_) at_ = first + 1;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> JsonRecords::NextOfList() {
  GUICHET_ASSIGN_OR_RETURN(const bool found, FindObject());
  if (!found) return std::nullopt;
  std::string object;
  std::size_t bytes = 0;
  while (!TakeObject(object, bytes)) {
    const auto more = NextLine();
    if (!more.ok()) return Final(more.status());  // its end cannot be told any more
    if (!*more) return Final("an object does not end before the file does");
    if (bytes < max_record_bytes_) object += '\n';
    ++bytes;
  }
  if (bytes <= max_record_bytes_) return object;
  return absl::InvalidArgumentError(
      fmt::format("line {}: longer than {} bytes; raise the record limit or check for a missing "
                  "brace",
                  record_line_, max_record_bytes_));
}

// Goes to the next object's brace; false at the end of the list.
absl::StatusOr<bool> JsonRecords::FindObject() {
  while (true) {
    at_ = at_ == text_.npos ? at_ : text_.find_first_not_of(" \t\r\n,", at_);
    if (at_ == text_.npos) {
      const auto more = NextLine();
      if (!more.ok()) return Final(more.status());
      if (*more) continue;
      if (ended_) return false;
      return Final("the list does not end before the file does");
    }
    record_line_ = lines_.line();
    const char c = text_[at_];
    if (c == ']' && !ended_) {
      ended_ = true;
      ++at_;
    } else if (c == '{' && !ended_) {
      return true;
    } else {
      return Final(ended_ ? "text after the end of the list"
                          : "a list of tickets holds objects with commas between them alone");
    }
  }
}

// Takes the object up to its last brace, or to the end of the line; true when it is whole.
bool JsonRecords::TakeObject(std::string& object, std::size_t& bytes) {
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (bytes++ < max_record_bytes_) object += c;
    if (escaped_) {
      escaped_ = false;
    } else if (quoted_) {
      escaped_ = c == '\\';
      quoted_ = c != '"';
    } else if (c == '"') {
      quoted_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      ++at_;
      return true;
    }
  }
  return false;
}

// A line of a list that is refused ends the reading: objects behind it cannot be told apart.
absl::Status JsonRecords::Final(const absl::Status& status) {
  const bool refused = absl::IsInvalidArgument(status);
  return final_error_ = absl::Status(
             refused ? absl::StatusCode::kFailedPrecondition : status.code(), status.message());
}

absl::Status JsonRecords::Final(const std::string& reason) {
  return final_error_ =
             absl::FailedPreconditionError(fmt::format("line {}: {}", lines_.line(), reason));
}

}  // namespace guichet
