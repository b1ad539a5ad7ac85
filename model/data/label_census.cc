#include "model/data/label_census.h"

#include <algorithm>

#include "model/data/text_key.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr std::size_t kLeastLetters = 5;

std::u32string Characters(std::string_view text) {
  std::u32string characters;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character c = DecodeUtf8(text, at);
    characters += c.code_point;
    at += c.length;
  }
  return characters;
}

bool IsDigit(char32_t c) { return c >= U'0' && c <= U'9'; }

// Whether the longer of two differing texts becomes the shorter, or one the other, by one letter.
bool DifferInOneLetter(const std::u32string& a, const std::u32string& b) {
  const std::u32string& longer = a.size() >= b.size() ? a : b;
  const std::u32string& shorter = a.size() >= b.size() ? b : a;
  if (longer.size() - shorter.size() > 1 || longer.size() < kLeastLetters) return false;
  const auto [l, s] = std::ranges::mismatch(longer, shorter);
  if (l == longer.end()) return false;
  const bool same_size = longer.size() == shorter.size();
  const auto rest = same_size ? s + 1 : s;
  if (!std::equal(l + 1, longer.end(), rest, shorter.end())) return false;
  return !IsDigit(*l) && !(same_size && IsDigit(*s));
}

}  // namespace

std::optional<LabelCensus::Number> LabelCensus::Add(std::string_view label) {
  const auto known = numbers_.find(label);
  if (known != numbers_.end()) {
    ++counts_.find(label)->second;
    return known->second;
  }
  if (names_.size() == max_labels_) {
    ++rows_beyond_;
    return std::nullopt;
  }
  const auto number = static_cast<Number>(names_.size());
  names_.push_back(&numbers_.emplace(label, number).first->first);
  counts_.emplace(label, 1);
  return number;
}

std::vector<std::vector<std::string>> LabelCensus::Variants() const {
  std::map<std::string, std::vector<std::string>> spellings;
  for (const auto& [label, count] : counts_) spellings[NormalizedText(label)].push_back(label);
  std::vector<std::vector<std::string>> variants;
  for (auto& [normal, labels] : spellings) {
    if (labels.size() > 1) variants.push_back(std::move(labels));
  }
  return variants;
}

std::pair<std::vector<std::pair<std::string, std::string>>, std::int64_t> LabelCensus::Lookalikes(
    std::size_t most) const {
  // One label of each spelling, by length: only neighbours in length are compared.
  std::map<std::string, const std::string*> spellings;
  for (const auto& [label, count] : counts_) spellings.emplace(NormalizedText(label), &label);
  std::map<std::size_t, std::vector<std::pair<std::u32string, const std::string*>>> by_length;
  for (const auto& [normal, label] : spellings) {
    const std::u32string characters = Characters(normal);
    by_length[characters.size()].emplace_back(characters, label);
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  std::int64_t total = 0;
  const auto compare = [&](const auto& a, const auto& b) {
    if (!DifferInOneLetter(a.first, b.first)) return;
    ++total;
    if (pairs.size() < most) pairs.emplace_back(std::minmax(*a.second, *b.second));
  };
  for (const auto& [length, labels] : by_length) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      for (std::size_t j = i + 1; j < labels.size(); ++j) compare(labels[i], labels[j]);
    }
    const auto longer = by_length.find(length + 1);
    if (longer == by_length.end()) continue;
    for (const auto& label : labels) {
      for (const auto& other : longer->second) compare(label, other);
    }
  }
  return {std::move(pairs), total};
}

}  // namespace guichet
