#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/json_lines.h"
#include "model/text/tokenizer.h"

namespace guichet {

// Two tokenizers on the same texts, side by side: what each makes of a text, and over all texts
// what that costs. Attention compares every token with every other, so its cost is a text's tokens
// squared. Not thread-safe.
class TokenizerComparison {
 public:
  struct Side {
    std::string name;  // what the table's column is called
    std::shared_ptr<const Tokenizer> tokenizer;
  };
  // limit: longest text in tokens that a model takes.
  TokenizerComparison(Side a, Side b, int limit);

  // {"text","a":{"pieces","ids"},"b":{"pieces","ids"}}; counts the text.
  absl::StatusOr<OrderedJson> Add(const std::string& text, const EncodeOptions& encode);

  // A table for people, a line for each measure; empty before the first text.
  std::string Table() const;

 private:
  struct Totals {
    std::int64_t tokens = 0;
    std::int64_t unknown = 0;
    std::int64_t over_limit = 0;
    double squares = 0;  // of the texts' tokens
  };
  static absl::StatusOr<OrderedJson> Encode(const Side& side, const std::string& text,
                                            const EncodeOptions& encode, int limit, Totals& totals);

  const std::array<Side, 2> sides_;
  const int limit_;
  std::array<Totals, 2> totals_;
  std::int64_t texts_ = 0;
  std::int64_t words_ = 0;
};

}  // namespace guichet
