#include "model/data/dataset_inspector.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/data/mojibake.h"
#include "model/data/personal_data.h"
#include "model/data/record_readers.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

std::int64_t CountCharacters(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

// Without the text that the JSON parser quotes, which may be anybody's.
std::string_view WithoutQuotation(std::string_view message) {
  return message.substr(0, message.find("; last read:"));
}

constexpr const char* kPersonal =
    "rows that hold {}; a model can learn them by heart and reports quote them: mask or remove "
    "them";

}  // namespace

DatasetInspector::DatasetInspector(const DatasetReportOptions& options)
    : options_(options),
      known_labels_(options.known_labels.begin(), options.known_labels.end()),
      labels_(options.max_labels),
      duplicates_(options.duplicates),
      invalid_(Error("invalid_rows", "records that cannot be read; correct or remove them")),
      conflicting_(Error(
          "conflicting_duplicates",
          fmt::format(
              "texts that differ only in case, accents or punctuation from an earlier row but "
              "bear another label; decide which is right (up to {:g} % of the rows this is a "
              "warning)",
              100 * options.max_conflicting_share))),
      single_label_(Error("single_label",
                          "all labelled rows bear one label; a classifier needs two or more")),
      too_many_labels_(
          Error("too_many_labels",
                fmt::format("rows whose label comes behind the first {} distinct ones; is another "
                            "column the label?",
                            options.max_labels))),
      empty_(Error("empty_rows", "rows without subject and body; remove them")),
      label_whitespace_(
          Error("label_whitespace", "labels that begin or end with white space; trim them")),
      label_variants_(
          Error("label_variants",
                "labels that differ only in case, accents or punctuation; write each in one way")),
      similar_labels_(
          Warning("similar_labels", "pairs of labels that differ in one letter; is one misspelt?")),
      unknown_labels_(Warning("unknown_labels", "rows with a label that the model does not know")),
      unlabelled_(
          Warning("unlabelled_rows", "rows without a label; they cannot be trained on or scored")),
      rare_labels_(Warning(
          "rare_labels",
          fmt::format("labels with fewer than {} rows are hardly learnt; add rows or merge them",
                      options.min_rows_per_label))),
      exact_(Warning("exact_duplicates", "rows whose text an earlier row has too")),
      near_(Warning("near_duplicates",
                    "rows whose text equals an earlier row's but for case, accents and "
                    "punctuation, or shares about nine tenths of its pairs of words")),
      unchecked_(Warning(
          "duplicates_unchecked",
          fmt::format("rows with which later ones were not compared: duplicates are looked for "
                      "among the first {} distinct texts, near-duplicates among the first {}",
                      options.duplicates.max_texts, options.duplicates.max_near_texts))),
      long_(Warning("long_rows",
                    fmt::format("texts of more than {} characters; the model reads only their "
                                "start",
                                options.long_characters))),
      mojibake_(Warning("mojibake",
                        "texts that were read in a wrong encoding once (\"rÃ©seau\"); export them "
                        "again, or name the encoding")),
      personal_{Warning("personal_email", fmt::format(kPersonal, "e-mail addresses")),
                Warning("personal_phone", fmt::format(kPersonal, "phone numbers")),
                Warning("personal_iban", fmt::format(kPersonal, "bank accounts (IBAN)")),
                Warning("personal_nir", fmt::format(kPersonal, "social security numbers (NIR)")),
                Warning("personal_ip", fmt::format(kPersonal, "IP addresses"))} {}

void DatasetInspector::AddInvalid(std::int64_t line, std::string_view message) {
  invalid_.AddLine(line);
  invalid_.AddDetail(std::string(WithoutQuotation(message)));
}

void DatasetInspector::Add(const Ticket& ticket, std::int64_t line) {
  const auto label = AddLabel(ticket.label, line);
  const std::string text = ticket.Text();
  const std::int64_t length = CountCharacters(text);
  lengths_.Add(length);
  if (length > options_.long_characters) long_.AddLine(line);
  if (IsBlank(text)) {
    empty_.AddLine(line);
    return;
  }
  if (HasMojibake(text)) mojibake_.AddLine(line);
  CheckDuplicate(text, label, line);
  CheckPersonalData(ticket, line);
}

std::optional<LabelCensus::Number> DatasetInspector::AddLabel(const std::string& label,
                                                              std::int64_t line) {
  if (IsBlank(label)) {
    unlabelled_.AddLine(line);
    return std::nullopt;
  }
  if (!known_labels_.empty() && !known_labels_.contains(label)) {
    unknown_labels_.AddLine(line);
    if (unknown_labels_.takes_details()) {
      unknown_labels_.AddDetail(fmt::format("line {}: '{}'", line, label));
    }
  }
  const auto number = labels_.Add(label);
  if (!number) too_many_labels_.AddLine(line);
  return number;
}

void DatasetInspector::CheckDuplicate(const std::string& text,
                                      std::optional<LabelCensus::Number> label, std::int64_t line) {
  const DuplicateFinder::Match match = duplicates_.Add(text, label);
  if (match.likeness == DuplicateFinder::Likeness::kEqual) exact_.AddLine(line);
  if (match.likeness == DuplicateFinder::Likeness::kNear) near_.AddLine(line);
  if (!match.label || !label || *match.label == *label) return;
  conflicting_.AddLine(line);
  if (conflicting_.takes_details()) {
    conflicting_.AddDetail(fmt::format("line {}: '{}', before '{}'", line, labels_.Name(*label),
                                       labels_.Name(*match.label)));
  }
}

void DatasetInspector::CheckPersonalData(const Ticket& ticket, std::int64_t line) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> fields = {
      {{"subject", &ticket.subject}, {"body", &ticket.body}, {"label", &ticket.label}}};
  std::array<bool, kPersonalDataKinds.size()> found = {};
  for (const auto& [name, text] : fields) {
    std::array<int, kPersonalDataKinds.size()> times = {};
    for (const PersonalDataSpan& span : FindPersonalData(*text)) {
      ++times[static_cast<size_t>(span.kind)];
    }
    for (size_t kind = 0; kind < times.size(); ++kind) {
      if (times[kind] == 0) continue;
      if (!std::exchange(found[kind], true)) personal_[kind].AddLine(line);
      if (!personal_[kind].takes_details()) continue;
      personal_[kind].AddDetail(
          fmt::format("line {}: {} in the {}", line, times[kind], name));  // where, never what
    }
  }
}

void DatasetInspector::CheckLabels() {
  if (labels_.counts().size() == 1) single_label_.Count(1);
  for (const auto& [label, count] : labels_.counts()) {
    if (count < options_.min_rows_per_label) {
      rare_labels_.Count(1);
      rare_labels_.AddDetail(fmt::format("'{}': {} rows", label, count));
    }
    if (Strip(label) != label) {
      label_whitespace_.Count(1);
      label_whitespace_.AddDetail(fmt::format("'{}': {} rows", label, count));
    }
  }
  for (const auto& variants : labels_.Variants()) {
    label_variants_.Count(1);
    label_variants_.AddDetail(fmt::format("'{}'", fmt::join(variants, "', '")));
  }
  const auto [pairs, total] = labels_.Lookalikes(options_.max_lines);
  similar_labels_.Count(total);
  for (const auto& [first, second] : pairs) {
    similar_labels_.AddDetail(fmt::format("'{}', '{}'", first, second));
  }
}

DatasetReport DatasetInspector::Finish() {
  CheckLabels();
  unchecked_.Count(std::max(duplicates_.beyond_texts(), duplicates_.beyond_near_texts()));
  DatasetReport report;
  report.rows = lengths_.count();
  for (const auto& [label, count] : labels_.counts()) {
    report.labels.emplace_back(MaskPersonalData(label), count);
  }
  std::ranges::sort(report.labels, {},
                    [](const auto& entry) { return std::pair(-entry.second, entry.first); });
  report.characters = lengths_.Summarize();
  const double conflicting = static_cast<double>(conflicting_.finding().count);
  if (conflicting <= options_.max_conflicting_share * static_cast<double>(report.rows)) {
    conflicting_.Excuse();
  }
  const auto take = [&](const FindingBuilder& builder) {
    if (builder.finding().count > 0) report.findings.push_back(builder.finding());
  };
  for (const FindingBuilder* builder :
       {&invalid_, &conflicting_, &single_label_, &too_many_labels_, &empty_, &label_whitespace_,
        &label_variants_, &similar_labels_, &unknown_labels_, &unlabelled_, &rare_labels_, &exact_,
        &near_, &unchecked_, &long_, &mojibake_}) {
    take(*builder);
  }
  for (const FindingBuilder& builder : personal_) take(builder);
  std::ranges::stable_sort(report.findings, {}, &DatasetFinding::severity);
  return report;
}

FindingBuilder DatasetInspector::Error(std::string code, std::string message) const {
  return {FindingSeverity::kError, std::move(code), std::move(message), options_.max_lines};
}
FindingBuilder DatasetInspector::Warning(std::string code, std::string message) const {
  return {FindingSeverity::kWarning, std::move(code), std::move(message), options_.max_lines};
}

}  // namespace guichet
