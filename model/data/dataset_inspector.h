#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "model/data/dataset_report.h"
#include "model/data/duplicate_finder.h"
#include "model/data/finding_builder.h"
#include "model/data/label_census.h"
#include "model/data/length_counter.h"
#include "model/data/ticket.h"

namespace guichet {

// Looks at every ticket of a data set once, then sums up: the work behind ReportDataset.
class DatasetInspector {
 public:
  // Borrows the options.
  explicit DatasetInspector(const DatasetReportOptions& options);

  // A record that cannot be read, and why.
  void AddInvalid(std::int64_t line, std::string_view message);
  void Add(const Ticket& ticket, std::int64_t line);
  // Call once.
  DatasetReport Finish();

  size_t rows() const { return static_cast<size_t>(lengths_.count()); }

 private:
  std::optional<LabelCensus::Number> AddLabel(const std::string& label, std::int64_t line);
  void CheckDuplicate(const std::string& text, std::optional<LabelCensus::Number> label,
                      std::int64_t line);
  void CheckPersonalData(const Ticket& ticket, std::int64_t line);
  void CheckLabels();
  FindingBuilder Error(std::string code, std::string message) const;
  FindingBuilder Warning(std::string code, std::string message) const;

  const DatasetReportOptions& options_;
  const std::set<std::string, std::less<>> known_labels_;
  LabelCensus labels_;
  LengthCounter lengths_;
  DuplicateFinder duplicates_;

  FindingBuilder invalid_;
  FindingBuilder conflicting_;
  FindingBuilder single_label_;
  FindingBuilder too_many_labels_;
  FindingBuilder empty_;
  FindingBuilder label_whitespace_;
  FindingBuilder label_variants_;
  FindingBuilder similar_labels_;
  FindingBuilder unknown_labels_;
  FindingBuilder unlabelled_;
  FindingBuilder rare_labels_;
  FindingBuilder exact_;
  FindingBuilder near_;
  FindingBuilder unchecked_;
  FindingBuilder long_;
  FindingBuilder mojibake_;
  std::array<FindingBuilder, kPersonalDataKinds.size()> personal_;  // by kind
};

}  // namespace guichet
