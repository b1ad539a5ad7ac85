#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/line_reader.h"

namespace guichet {

// The JSON texts of a file, one at a time: its lines, or, where the file begins with "[" and "{"
// behind it, as what an API answers does, the objects of that list however they are laid out. Blank
// lines are passed over. Checks no more JSON than it needs to find where objects end. Not
// thread-safe.
class JsonRecords {
 public:
  JsonRecords(LineReader lines, std::size_t max_record_bytes);

  // The next text, or nothing at the end. INVALID_ARGUMENT ("line N: …") refuses one record; what
  // stands between the objects of a list, or breaks off in one, is final: FAILED_PRECONDITION.
  absl::StatusOr<std::optional<std::string>> Next();

  // Line on which the record begins, from 1.
  std::int64_t line() const { return record_line_; }
  std::string_view encoding() const { return lines_.encoding(); }

 private:
  absl::StatusOr<bool> NextLine();
  absl::Status Begin();
  absl::StatusOr<std::optional<std::string>> NextOfList();
  absl::StatusOr<bool> FindObject();
  bool TakeObject(std::string& object, std::size_t& bytes);
  absl::Status Final(const absl::Status& status);
  absl::Status Final(const std::string& reason);

  LineReader lines_;
  const std::size_t max_record_bytes_;
  bool begun_ = false;
  bool list_ = false;
  bool ended_ = false;  // the list's "]" has come
  std::string text_;    // the line
  std::size_t at_ = 0;  // how far it is read
  std::int64_t record_line_ = 0;
  // Within an object of a list.
  int depth_ = 0;
  bool quoted_ = false;
  bool escaped_ = false;
  absl::Status final_error_;
};

}  // namespace guichet
