#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "model/data/dataset_report.h"
#include "model/data/personal_data.h"

namespace guichet {

// Collects the places of one kind of finding: all are counted, the first few kept.
class FindingBuilder {
 public:
  FindingBuilder(FindingSeverity severity, std::string code, std::string message, size_t max_lines)
      : max_lines_(max_lines) {
    finding_.severity = severity;
    finding_.code = std::move(code);
    finding_.message = std::move(message);
  }

  void AddLine(std::int64_t line) {
    ++finding_.count;
    if (finding_.lines.size() < max_lines_) finding_.lines.push_back(line);
  }
  // Masks personal data in it.
  void AddDetail(const std::string& detail) {
    if (takes_details()) finding_.details.push_back(MaskPersonalData(detail));
  }
  bool takes_details() const { return finding_.details.size() < max_lines_; }
  void Count(std::int64_t count) { finding_.count += count; }
  // There are so few that they are only warned of.
  void Excuse() { finding_.severity = FindingSeverity::kWarning; }

  const DatasetFinding& finding() const { return finding_; }

 private:
  const size_t max_lines_;
  DatasetFinding finding_;
};

}  // namespace guichet
