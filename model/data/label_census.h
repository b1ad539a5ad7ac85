#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace guichet {

// Counts labels, up to a bound of distinct ones: behind it the labels seen before go on being
// counted. Not thread-safe.
class LabelCensus {
 public:
  // A label's number, from 0 in the order in which labels came.
  using Number = std::uint32_t;

  explicit LabelCensus(std::size_t max_labels) : max_labels_(max_labels) {}

  // Nothing for a label beyond the bound.
  std::optional<Number> Add(std::string_view label);

  const std::string& Name(Number number) const { return *names_[number]; }
  const std::map<std::string, std::int64_t, std::less<>>& counts() const { return counts_; }
  std::int64_t rows_beyond() const { return rows_beyond_; }  // of labels beyond the bound

  // Labels that differ only in case, accents and punctuation.
  std::vector<std::vector<std::string>> Variants() const;
  // Pairs that differ, case, accents and punctuation put aside, in one letter of five or more:
  // inserted, left out or another one. A digit that differs numbers things and is no mistake. The
  // first `most`, and how many there are; of labels that are Variants one stands for all.
  std::pair<std::vector<std::pair<std::string, std::string>>, std::int64_t> Lookalikes(
      std::size_t most) const;

 private:
  const std::size_t max_labels_;
  std::map<std::string, std::int64_t, std::less<>> counts_;
  std::map<std::string, Number, std::less<>> numbers_;
  std::vector<const std::string*> names_;  // keys of numbers_
  std::int64_t rows_beyond_ = 0;
};

}  // namespace guichet
