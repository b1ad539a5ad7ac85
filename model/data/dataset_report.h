#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/dataset_reader.h"
#include "model/data/duplicate_finder.h"

namespace guichet {

enum class FindingSeverity { kError, kWarning };

// Something a data set should not hold, with where to look for it. Errors: invalid_rows,
// conflicting_duplicates (a warning up to max_conflicting_share), single_label, too_many_labels,
// empty_rows, label_whitespace, label_variants. Warnings: similar_labels, unknown_labels,
// unlabelled_rows, rare_labels, exact_duplicates, near_duplicates, duplicates_unchecked, long_rows,
// mojibake, personal_email, personal_phone, personal_iban, personal_nir, personal_ip.
struct DatasetFinding {
  FindingSeverity severity = FindingSeverity::kWarning;
  std::string code;     // stable name, e.g. "conflicting_duplicates"
  std::string message;  // what it means and what to do
  std::int64_t count = 0;
  // Lines of the file on which the first of them begin, rising; see max_lines.
  std::vector<std::int64_t> lines;
  // Examples where lines say too little: labels, reader messages. Personal data in them is masked.
  std::vector<std::string> details;
};

struct LengthSummary {  // in characters of subject and body together
  double mean = 0;
  std::int64_t median = 0;
  std::int64_t p95 = 0;
  std::int64_t longest = 0;
};

struct DatasetReport {
  std::int64_t rows = 0;                                     // readable tickets
  std::string encoding;                                      // as TicketReader::encoding
  std::vector<std::pair<std::string, std::int64_t>> labels;  // by falling count
  LengthSummary characters;
  std::vector<DatasetFinding> findings;  // errors first

  // Whether a training run should refuse the data.
  bool has_errors() const;
};

struct DatasetReportOptions {
  size_t max_lines = 20;                  // line numbers and details kept for a finding; at least 1
  std::int64_t min_rows_per_label = 20;   // fewer are a warning; at least 1
  std::int64_t long_characters = 10'000;  // longer texts are a warning; at least 1
  // People disagree about a few tickets of any desk: up to this share of the rows conflicting
  // duplicates are a warning, beyond it an error. 0 to 1.
  double max_conflicting_share = 0.01;
  size_t max_rows = 5'000'000;  // more are refused, to bound the time; at least 1
  size_t max_labels = 10'000;   // distinct ones; more are an error; at least 1
  DuplicateLimits duplicates;   // behind them, texts are compared with the first ones only
  // Labels that a model knows; rows with another one are a warning. Empty: all.
  std::vector<std::string> known_labels;

  absl::Status Validate() const;
};

// Reads a data set to its end and reports what would hurt training. Unreadable records are a
// finding, not an error; an error is what ends reading early. Set allow_empty in the reader's
// options to have empty rows reported as such. Memory has a bound, whatever the number of rows:
// with the defaults 200 MB.
absl::StatusOr<DatasetReport> ReportDataset(TicketReader& reader,
                                            const DatasetReportOptions& options);

// The report as one JSON object.
std::string ToJson(const DatasetReport& report, bool indented = true);

}  // namespace guichet
