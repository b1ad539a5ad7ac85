#include "model/text/special_tokens.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

// The special token that starts at `offset`; none is a prefix of another.
std::optional<SpecialToken> SpecialTokenAt(std::string_view text, std::size_t offset,
                                           std::span<const SpecialToken> specials) {
  for (const SpecialToken& special : specials) {
    if (text.substr(offset).starts_with(special.text)) return special;
  }
  return std::nullopt;
}

absl::Status CannotTruncate(std::string_view which, std::size_t length, std::size_t excess,
                            int max_length) {
  return absl::InvalidArgumentError(
      fmt::format("cannot truncate to max_length {}: {} tokens would have to go, and {} has only "
                  "{}; raise max_length or choose another truncation strategy",
                  max_length, excess, which, length));
}

// Drops from the longer one until both are equal, then in turns, the second first (transformers
// 4.57, truncate_sequences).
KeptTokens TruncateLongestFirst(std::size_t first, std::size_t second, std::size_t excess) {
  const std::size_t difference = first > second ? first - second : second - first;
  const std::size_t from_longer = std::min(difference, excess);
  const std::size_t rest = excess - from_longer;
  if (first > second) {
    return {first - from_longer - rest / 2, second - (rest - rest / 2)};
  }
  return {first - rest / 2, second - from_longer - (rest - rest / 2)};
}

}  // namespace

std::array<SpecialToken, 5> ListSpecialTokens(const SpecialTokenIds& ids) {
  return {{{"<s>", ids.begin},
           {"</s>", ids.end},
           {"<unk>", ids.unknown},
           {"<pad>", ids.padding},
           {"<mask>", ids.mask}}};
}

bool IsSpecial(TokenId id, const SpecialTokenIds& ids) {
  return id == ids.begin || id == ids.padding || id == ids.end || id == ids.unknown ||
         id == ids.mask;
}

std::vector<TextSegment> SplitAtSpecialTokens(std::string_view text, const SpecialTokenIds& ids) {
  const std::array<SpecialToken, 5> specials = ListSpecialTokens(ids);
  std::vector<TextSegment> segments;
  std::size_t start = 0;
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at)) {
    const std::optional<SpecialToken> special = SpecialTokenAt(text, at, specials);
    if (!special.has_value()) {
      ++at;
      continue;
    }
    std::string_view before = text.substr(start, at - start);
    if (special->id == ids.mask) before = StripRight(before);
    if (!before.empty()) segments.push_back({before, std::nullopt});
    segments.push_back({special->text, special->id});
    at += special->text.size();
    start = at;
  }
  if (start < text.size()) segments.push_back({text.substr(start), std::nullopt});
  return segments;
}

absl::StatusOr<KeptTokens> PlanTruncation(std::size_t first, std::optional<std::size_t> second,
                                          const EncodeOptions& options) {
  const KeptTokens all{first, second.value_or(0)};
  if (!options.max_length.has_value()) return all;
  const int max_length = *options.max_length;
  if (max_length < 1) {
    return absl::InvalidArgumentError(
        fmt::format("max_length is {}: it must be at least 1, or unset", max_length));
  }
  const std::size_t specials = !options.add_special_tokens ? 0 : second.has_value() ? 4 : 2;
  const std::size_t total = all.first + all.second + specials;
  const auto limit = static_cast<std::size_t>(max_length);
  if (total <= limit) return all;
  const std::size_t excess = total - limit;
  if (second.has_value() && options.truncation == TruncationStrategy::kLongestFirst) {
    if (excess > first + *second) {
      return CannotTruncate("the pair", first + *second, excess, max_length);
    }
    return TruncateLongestFirst(first, *second, excess);
  }
  if (options.truncation == TruncationStrategy::kOnlySecond) {
    if (second.value_or(0) <= excess) {
      return CannotTruncate("the second text", second.value_or(0), excess, max_length);
    }
    return KeptTokens{first, *second - excess};
  }
  // Hugging Face wants at least one token of the text to remain.
  if (first <= excess) return CannotTruncate("the first text", first, excess, max_length);
  return KeptTokens{first - excess, all.second};
}

std::string JoinAroundSpecialTokens(
    std::span<const TokenId> ids, const SpecialTokenIds& special,
    const std::function<std::string(std::span<const TokenId>)>& decode) {
  const std::array<SpecialToken, 5> specials = ListSpecialTokens(special);
  std::string text;
  bool after_special = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto* const found = std::ranges::find(specials, ids[i], &SpecialToken::id);
    if (found == specials.end()) {
      after_special = false;
      continue;
    }
    if (!after_special) text += ' ';
    text += decode(ids.subspan(start, i - start));
    text += found->text;
    after_special = true;
    start = i + 1;
  }
  text += decode(ids.subspan(start));
  return std::string(Strip(text));
}

std::string CleanUpSpaces(std::string text) {
  static constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
      {" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
      {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kReplacements) {
    std::string replaced;
    std::size_t start = 0;
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, start)) {
      replaced.append(text, start, at - start).append(to);
      start = at + from.size();
    }
    if (start == 0) continue;
    replaced.append(text, start);
    text = std::move(replaced);
  }
  return text;
}

}  // namespace guichet
