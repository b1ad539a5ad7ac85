#include "model/data/slot_filler.h"

#include <cstdint>

#include <fmt/format.h>

#include "model/data/ticket_grammar.h"

namespace guichet {
namespace {

// Deepest slot inside a slot's value; the grammar needs four.
constexpr int kMaxDepth = 6;

struct Contraction {
  std::string_view preposition;
  std::string_view article;
  std::string_view joined;
};

constexpr Contraction kContractions[] = {
    {"de ", "le ", "du "}, {"de ", "les ", "des "}, {"à ", "le ", "au "}, {"à ", "les ", "aux "}};

constexpr std::string_view kElided[] = {"de ", "que "};

// First letters before which "de" becomes "d'".
constexpr std::string_view kVowels[] = {"a", "e", "i", "o", "u", "h", "A", "E", "I", "O", "U",
                                        "H", "é", "è", "ê", "É", "È", "à", "À", "â", "î", "ô"};

// Whether the text ends with this word, and the word starts there.
bool EndsWithWord(std::string_view text, std::string_view word) {
  if (!text.ends_with(word)) return false;
  if (text.size() == word.size()) return true;
  const char before = text[text.size() - word.size() - 1];
  return before == ' ' || before == '\n' || before == '\'' || before == '(';
}

bool StartsWithVowel(std::string_view value) {
  for (const std::string_view vowel : kVowels) {
    if (value.starts_with(vowel)) return true;
  }
  return false;
}

}  // namespace

void AppendFrench(std::string& text, std::string_view value) {
  for (const Contraction& rule : kContractions) {
    if (value.starts_with(rule.article) && EndsWithWord(text, rule.preposition)) {
      text.resize(text.size() - rule.preposition.size());
      text.append(rule.joined).append(value.substr(rule.article.size()));
      return;
    }
  }
  for (const std::string_view word : kElided) {
    if (StartsWithVowel(value) && EndsWithWord(text, word)) {
      text.resize(text.size() - 2);  // the e and the space
      text.append("'");
      break;
    }
  }
  text.append(value);
}

void SlotFiller::Bind(std::string_view slot, std::string_view phrase) {
  bindings_.emplace_back(slot, phrase);
}

std::string SlotFiller::Fill(std::string_view phrase) { return FillNested(phrase, 0); }

std::string SlotFiller::FillNested(std::string_view phrase, int depth) {
  std::string text;
  while (!phrase.empty()) {
    const size_t open = phrase.find('{');
    text.append(phrase.substr(0, open));
    if (open == std::string_view::npos) break;
    const size_t close = phrase.find('}', open);
    if (close == std::string_view::npos) {
      text.append(phrase.substr(open));
      break;
    }
    AppendFrench(text, Value(phrase.substr(open + 1, close - open - 1), depth + 1));
    phrase.remove_prefix(close + 1);
  }
  return text;
}

std::string SlotFiller::Value(std::string_view slot, int depth) {
  for (auto binding = bindings_.rbegin(); binding != bindings_.rend(); ++binding) {
    if (binding->first == slot && depth <= kMaxDepth) return FillNested(binding->second, depth);
  }
  if (slot == "n") return fmt::format("{}", 2 + random_.Below(59));
  if (slot == "few") return fmt::format("{}", 2 + random_.Below(8));
  if (slot == "nn") return fmt::format("{:02}", random_.Below(100));
  if (slot == "hour") {
    const std::uint64_t hour = 7 + random_.Below(12);
    return fmt::format("{}h{:02}", hour, 5 * random_.Below(12));
  }
  if (slot == "day") {
    const std::uint64_t day = 1 + random_.Below(28);
    return day == 1 ? "1er" : fmt::format("{}", day);
  }
  const Phrases values = SlotValues(slot);
  if (values.empty() || depth > kMaxDepth) return fmt::format("{{{}}}", slot);
  return FillNested(values[random_.Below(values.size())], depth);
}

}  // namespace guichet
