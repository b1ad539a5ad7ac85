#include "model/data/dataset_report.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status_macros.h"
#include "model/data/record_readers.h"
#include "model/data/text_key.h"

namespace guichet {
namespace {

std::int64_t CountCharacters(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

// Collects the places of one kind of finding.
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
  void AddDetail(std::string detail) {
    if (finding_.details.size() < max_lines_) finding_.details.push_back(std::move(detail));
  }
  void Count(std::int64_t count) { finding_.count += count; }

  const DatasetFinding& finding() const { return finding_; }

 private:
  const size_t max_lines_;
  DatasetFinding finding_;
};

// Looks at every ticket once, then sums up.
class DatasetInspector {
 public:
  explicit DatasetInspector(const DatasetReportOptions& options) : options_(options) {}

  void AddInvalid(std::int64_t line, std::string message) {
    invalid_.AddLine(line);
    invalid_.AddDetail(std::move(message));
  }

  void Add(const Ticket& ticket, std::int64_t line) {
    if (IsBlank(ticket.label)) {
      unlabelled_.AddLine(line);
    } else {
      ++labels_[ticket.label];
    }
    const std::string text = ticket.Text();
    lengths_.push_back(CountCharacters(text));
    if (lengths_.back() > options_.long_characters) long_.AddLine(line);
    if (IsBlank(text)) {
      empty_.AddLine(line);
      return;
    }
    if (!exact_texts_.insert(KeyOfText(text)).second) {
      exact_.AddLine(line);
      AddToGroup(text, ticket.label, line);
    } else if (!AddToGroup(text, ticket.label, line)) {
      near_.AddLine(line);
    }
  }

  DatasetReport Finish() {
    DatasetReport report;
    report.rows = static_cast<std::int64_t>(lengths_.size());
    report.labels.assign(labels_.begin(), labels_.end());
    std::ranges::sort(report.labels, {}, [](const LabelCount& entry) {
      return std::pair(-entry.second, entry.first);
    });
    report.characters = SummarizeLengths();
    if (labels_.size() == 1) one_label_.Count(1);
    CheckRareLabels();
    CheckLabelSpelling();
    for (const FindingBuilder* builder :
         {&invalid_, &conflicting_, &one_label_, &empty_, &label_space_, &label_variants_,
          &unlabelled_, &rare_, &exact_, &near_, &long_}) {  // errors first
      if (builder->finding().count > 0) report.findings.push_back(builder->finding());
    }
    return report;
  }

  size_t rows() const { return lengths_.size(); }

 private:
  using LabelCount = std::pair<std::string, std::int64_t>;

  // False when the normalised text was seen before.
  bool AddToGroup(const std::string& text, const std::string& label, std::int64_t line) {
    const auto [entry, inserted] =
        first_labels_.try_emplace(KeyOfText(NormalizedText(text)), label);
    std::string& first_label = entry->second;
    if (IsBlank(first_label)) first_label = label;
    if (!IsBlank(label) && first_label != label) {
      conflicting_.AddLine(line);
      conflicting_.AddDetail(fmt::format("line {}: '{}', before '{}'", line, label, first_label));
    }
    return inserted;
  }

  LengthSummary SummarizeLengths() {
    LengthSummary summary;
    if (lengths_.empty()) return summary;
    std::ranges::sort(lengths_);
    const size_t last = lengths_.size() - 1;
    summary.mean = std::accumulate(lengths_.begin(), lengths_.end(), 0.0) /
                   static_cast<double>(lengths_.size());
    summary.median = lengths_[last / 2];
    summary.p95 = lengths_[last * 95 / 100];
    summary.longest = lengths_[last];
    return summary;
  }

  void CheckRareLabels() {
    for (const auto& [label, count] : labels_) {
      if (count >= options_.min_rows_per_label) continue;
      rare_.Count(1);
      rare_.AddDetail(fmt::format("'{}': {} rows", label, count));
    }
  }

  void CheckLabelSpelling() {
    std::map<std::string, std::vector<std::string>> spellings;
    for (const auto& [label, count] : labels_) {
      spellings[NormalizedText(label)].push_back(label);
      if (!IsBlank(label.substr(0, 1)) && !IsBlank(label.substr(label.size() - 1))) continue;
      label_space_.Count(1);
      label_space_.AddDetail(fmt::format("'{}': {} rows", label, count));
    }
    for (const auto& [normal, variants] : spellings) {
      if (variants.size() < 2) continue;
      label_variants_.Count(1);
      label_variants_.AddDetail(fmt::format("'{}'", fmt::join(variants, "', '")));
    }
  }

  FindingBuilder Error(std::string code, std::string message) const {
    return {FindingSeverity::kError, std::move(code), std::move(message), options_.max_lines};
  }
  FindingBuilder Warning(std::string code, std::string message) const {
    return {FindingSeverity::kWarning, std::move(code), std::move(message), options_.max_lines};
  }

  const DatasetReportOptions& options_;
  std::map<std::string, std::int64_t> labels_;
  std::vector<std::int64_t> lengths_;
  std::set<TextKey> exact_texts_;
  std::unordered_map<TextKey, std::string> first_labels_;  // by normalised text

  FindingBuilder invalid_ =
      Error("invalid_rows", "records that cannot be read; correct or remove them");
  FindingBuilder conflicting_ =
      Error("conflicting_duplicates",
            "texts that differ only in case, accents or punctuation from an earlier row but bear "
            "another label; decide which is right");
  FindingBuilder one_label_ =
      Error("single_label", "all labelled rows bear one label; a classifier needs two or more");
  FindingBuilder empty_ = Error("empty_rows", "rows without subject and body; remove them");
  FindingBuilder unlabelled_ =
      Warning("unlabelled_rows", "rows without a label; they cannot be trained on or scored");
  FindingBuilder label_space_ =
      Error("label_whitespace", "labels that begin or end with white space; trim them");
  FindingBuilder label_variants_ =
      Error("label_variants",
            "labels that differ only in case, accents or punctuation; write each in one way");
  FindingBuilder rare_ = Warning(
      "rare_labels",
      fmt::format("labels with fewer than {} rows are hardly learnt; add rows or merge them",
                  options_.min_rows_per_label));
  FindingBuilder exact_ = Warning("exact_duplicates", "rows whose text an earlier row has too");
  FindingBuilder near_ =
      Warning("near_duplicates",
              "rows whose text equals an earlier row's but for case, accents and punctuation");
  FindingBuilder long_ = Warning(
      "long_rows", fmt::format("texts of more than {} characters; the model reads only their start",
                               options_.long_characters));
};

}  // namespace

bool DatasetReport::has_errors() const {
  return std::ranges::any_of(findings, [](const DatasetFinding& finding) {
    return finding.severity == FindingSeverity::kError;
  });
}

absl::Status DatasetReportOptions::Validate() const {
  if (max_lines < 1 || min_rows_per_label < 1 || long_characters < 1 || max_rows < 1) {
    return absl::InvalidArgumentError(
        fmt::format("max_lines, min_rows_per_label, long_characters and max_rows must be at least "
                    "1, not {}, {}, {} and {}",
                    max_lines, min_rows_per_label, long_characters, max_rows));
  }
  return absl::OkStatus();
}

absl::StatusOr<DatasetReport> ReportDataset(TicketReader& reader,
                                            const DatasetReportOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  DatasetInspector inspector(options);
  for (;;) {
    const auto ticket = reader.Next();
    if (absl::IsInvalidArgument(ticket.status())) {
      const auto message = ticket.status().message();
      inspector.AddInvalid(reader.line(), std::string(message.data(), message.size()));
      continue;
    }
    GUICHET_RETURN_IF_ERROR(ticket.status());
    if (!ticket->has_value()) return inspector.Finish();
    if (inspector.rows() == options.max_rows) {
      return absl::ResourceExhaustedError(fmt::format(
          "more than {} rows; report on a part of them or raise the limit", options.max_rows));
    }
    inspector.Add(**ticket, reader.line());
  }
}

}  // namespace guichet
