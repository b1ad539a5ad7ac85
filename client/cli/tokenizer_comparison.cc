#include "client/cli/tokenizer_comparison.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

std::int64_t CountWords(const std::string& text) {
  std::istringstream words(text);
  std::int64_t count = 0;
  for (std::string word; words >> word;) ++count;
  return count;
}

// The end of a long name, which says most of a path.
std::string ColumnName(const std::string& name) {
  constexpr std::size_t kLongest = 24;
  if (name.size() <= kLongest) return name;
  std::size_t begin = name.size() - kLongest;
  while (begin < name.size() && (static_cast<unsigned char>(name[begin]) & 0xC0U) == 0x80U) ++begin;
  return "…" + name.substr(begin);
}

double Share(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

}  // namespace

TokenizerComparison::TokenizerComparison(Side a, Side b, int limit)
    : sides_{std::move(a), std::move(b)}, limit_(limit) {}

absl::StatusOr<OrderedJson> TokenizerComparison::Encode(const Side& side, const std::string& text,
                                                        const EncodeOptions& encode, int limit,
                                                        Totals& totals) {
  GUICHET_ASSIGN_OR_RETURN(const Encoding encoding, side.tokenizer->Encode(text, encode));
  GUICHET_ASSIGN_OR_RETURN(const std::vector<std::string> pieces,
                           side.tokenizer->Pieces(text, encode.parse_special_tokens));
  const auto tokens = static_cast<std::int64_t>(encoding.ids.size());
  totals.tokens += tokens;
  totals.unknown += encoding.unknown_tokens;
  totals.over_limit += tokens > limit ? 1 : 0;
  totals.squares += static_cast<double>(tokens) * static_cast<double>(tokens);
  return OrderedJson{{"pieces", pieces}, {"ids", encoding.ids}};
}

absl::StatusOr<OrderedJson> TokenizerComparison::Add(const std::string& text,
                                                     const EncodeOptions& encode) {
  OrderedJson line{{"text", text}};
  GUICHET_ASSIGN_OR_RETURN(line["a"], Encode(sides_[0], text, encode, limit_, totals_[0]));
  GUICHET_ASSIGN_OR_RETURN(line["b"], Encode(sides_[1], text, encode, limit_, totals_[1]));
  ++texts_;
  words_ += CountWords(text);
  return line;
}

std::string TokenizerComparison::Table() const {
  if (texts_ == 0) return "";
  std::string table;
  const auto add = [&](const std::string& measure, const std::string& a, const std::string& b) {
    table += fmt::format("{:<28}{:>26}{:>26}\n", measure, a, b);
  };
  const auto add_each = [&](const std::string& measure, const auto& show) {
    add(measure, show(totals_[0]), show(totals_[1]));
  };
  const auto texts = static_cast<double>(texts_);
  const Totals& base = totals_[0];
  const auto as_double = [](std::int64_t count) { return static_cast<double>(count); };
  add(fmt::format("{} texts, {} words", texts_, words_), "a: " + ColumnName(sides_[0].name),
      "b: " + ColumnName(sides_[1].name));
  add_each("tokens a text", [&](const Totals& side) {
    return fmt::format("{:.1f}", as_double(side.tokens) / texts);
  });
  add_each("tokens a word (fertility)", [&](const Totals& side) {
    return fmt::format("{:.2f}", Share(as_double(side.tokens), as_double(words_)));
  });
  add_each("unknown tokens", [&](const Totals& side) {
    return fmt::format("{:.2f} %", 100 * Share(as_double(side.unknown), as_double(side.tokens)));
  });
  add_each(fmt::format("texts over {} tokens", limit_), [&](const Totals& side) {
    return fmt::format("{:.1f} %", 100 * as_double(side.over_limit) / texts);
  });
  add_each("cost by tokens", [&](const Totals& side) {
    return fmt::format("{:.2f} ×", Share(as_double(side.tokens), as_double(base.tokens)));
  });
  add_each("cost of attention (Σ n²)", [&](const Totals& side) {
    return fmt::format("{:.2f} ×", Share(side.squares, base.squares));
  });
  return table;
}

}  // namespace guichet
