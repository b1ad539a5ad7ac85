#include "model/cleaning/html_tags.h"

#include <algorithm>
#include <array>

namespace guichet {
namespace {

struct Element {
  std::string_view name;
  TagEffect effect = TagEffect::kNone;
  bool telling = false;
};

constexpr Element kElements[] = {{"a"},
                                 {"abbr"},
                                 {"acronym"},
                                 {"address", TagEffect::kBreak},
                                 {"area"},
                                 {"article", TagEffect::kBreak},
                                 {"aside", TagEffect::kBreak},
                                 {"b"},
                                 {"base"},
                                 {"big"},
                                 {"blockquote", TagEffect::kQuote, true},
                                 {"body", TagEffect::kBreak, true},
                                 {"br", TagEffect::kBreak, true},
                                 {"button"},
                                 {"caption", TagEffect::kBreak},
                                 {"center", TagEffect::kBreak},
                                 {"cite"},
                                 {"code"},
                                 {"col"},
                                 {"colgroup"},
                                 {"dd", TagEffect::kBreak},
                                 {"del"},
                                 {"dfn"},
                                 {"div", TagEffect::kBreak, true},
                                 {"dl", TagEffect::kBreak},
                                 {"dt", TagEffect::kBreak},
                                 {"em"},
                                 {"fieldset", TagEffect::kBreak},
                                 {"figcaption", TagEffect::kBreak},
                                 {"figure", TagEffect::kBreak},
                                 {"font"},
                                 {"footer", TagEffect::kBreak},
                                 {"form", TagEffect::kBreak},
                                 {"h1", TagEffect::kBreak, true},
                                 {"h2", TagEffect::kBreak, true},
                                 {"h3", TagEffect::kBreak, true},
                                 {"h4", TagEffect::kBreak, true},
                                 {"h5", TagEffect::kBreak, true},
                                 {"h6", TagEffect::kBreak, true},
                                 {"head", TagEffect::kNone, true},
                                 {"header", TagEffect::kBreak},
                                 {"hr", TagEffect::kBreak, true},
                                 {"html", TagEffect::kNone, true},
                                 {"i"},
                                 {"iframe"},
                                 {"img", TagEffect::kImage, true},
                                 {"input"},
                                 {"ins"},
                                 {"kbd"},
                                 {"label"},
                                 {"legend"},
                                 {"li", TagEffect::kBreak, true},
                                 {"link"},
                                 {"main", TagEffect::kBreak},
                                 {"map"},
                                 {"mark"},
                                 {"meta", TagEffect::kNone, true},
                                 {"nav", TagEffect::kBreak},
                                 {"nobr"},
                                 {"noscript"},
                                 {"object"},
                                 {"ol", TagEffect::kBreak, true},
                                 {"option"},
                                 {"p", TagEffect::kBreak, true},
                                 {"picture"},
                                 {"pre", TagEffect::kBreak},
                                 {"q"},
                                 {"s"},
                                 {"samp"},
                                 {"script", TagEffect::kDropsBody, true},
                                 {"section", TagEffect::kBreak},
                                 {"select"},
                                 {"small"},
                                 {"source"},
                                 {"span"},
                                 {"strike"},
                                 {"strong"},
                                 {"style", TagEffect::kDropsBody, true},
                                 {"sub"},
                                 {"summary", TagEffect::kBreak},
                                 {"sup"},
                                 {"svg", TagEffect::kDropsBody},
                                 {"table", TagEffect::kBreak, true},
                                 {"tbody", TagEffect::kBreak, true},
                                 {"td", TagEffect::kSpace, true},
                                 {"template", TagEffect::kDropsBody},
                                 {"textarea"},
                                 {"tfoot", TagEffect::kBreak},
                                 {"th", TagEffect::kSpace, true},
                                 {"thead", TagEffect::kBreak},
                                 {"time"},
                                 {"title", TagEffect::kDropsBody},
                                 {"tr", TagEffect::kBreak, true},
                                 {"tt"},
                                 {"u"},
                                 {"ul", TagEffect::kBreak, true},
                                 {"var"},
                                 {"wbr"}};

static_assert(std::ranges::is_sorted(kElements, {}, &Element::name));

constexpr std::size_t kLongestName = 16;

bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool IsOfWord(std::string_view name) {
  return name.starts_with("o:") || name.starts_with("v:") || name.starts_with("w:") ||
         name.starts_with("m:") || name.starts_with("st1:");
}

std::optional<Element> FindElement(std::string_view name) {
  std::array<char, kLongestName> buffer{};
  std::ranges::transform(name, buffer.begin(), Lower);
  const std::string_view lower(buffer.data(), name.size());
  if (IsOfWord(lower)) return Element{{}, TagEffect::kNone, true};
  const auto* const found = std::ranges::lower_bound(kElements, lower, {}, &Element::name);
  if (found == std::end(kElements) || found->name != lower) return std::nullopt;
  return *found;
}

// Reads attributes from `at` on up to the '>' of the tag.
class AttributeReader {
 public:
  AttributeReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  // False: this is no tag. An attribute without a value counts as none, so that "<b et c>" is text.
  bool Read(HtmlTag& tag) {
    bool valueless = false;
    while (true) {
      SkipSpace();
      if (at_ >= text_.size() || text_[at_] == '<') return false;
      if (text_[at_] == '>') break;
      if (text_[at_] == '/') {
        ++at_;
        continue;
      }
      const std::string_view name = Name();
      SkipSpace();
      if (at_ >= text_.size() || text_[at_] != '=') {
        valueless = true;
        continue;
      }
      ++at_;
      has_value_ = true;
      std::string_view value;
      if (!Value(value)) return false;
      if (EqualsIgnoringCase(name, "alt")) tag.alternative = value;
    }
    tag.end = at_ + 1;
    return !valueless || has_value_;
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  std::string_view Name() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && !IsSpace(text_[at_]) &&
           std::string_view("=/><").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  // A value in quotes may hold a '>', and none a '<', which mail programs escape: so nothing is
  // read twice.
  bool Value(std::string_view& value) {
    SkipSpace();
    if (at_ >= text_.size()) return false;
    const char quote = text_[at_];
    if (quote == '"' || quote == '\'') {
      const std::size_t begin = ++at_;
      while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '<') ++at_;
      if (at_ >= text_.size() || text_[at_] == '<') return false;
      value = text_.substr(begin, at_++ - begin);
      return true;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !IsSpace(text_[at_]) && text_[at_] != '>' && text_[at_] != '<') {
      ++at_;
    }
    value = text_.substr(begin, at_ - begin);
    return true;
  }

  std::string_view text_;
  std::size_t at_;
  bool has_value_ = false;
};

// "<!-- … -->", "<!DOCTYPE …>", "<![endif]>", "<?xml … ?>".
std::optional<HtmlTag> ReadDeclaration(std::string_view text, std::size_t offset, bool comments) {
  HtmlTag tag{.telling = true};
  const std::string_view rest = text.substr(offset);
  if (rest.starts_with("<!--")) {
    const std::size_t end = comments ? text.find("-->", offset + 4) : std::string_view::npos;
    if (end == std::string_view::npos) return std::nullopt;
    tag.end = end + 3;
    return tag;
  }
  const bool known = rest.starts_with("<![") || rest.starts_with("<?xml") ||
                     EqualsIgnoringCase(rest.substr(0, 9), "<!doctype");
  if (!known) return std::nullopt;
  const std::size_t end = text.find_first_of("<>", offset + 1);
  if (end == std::string_view::npos || text[end] == '<') return std::nullopt;
  tag.end = end + 1;
  return tag;
}

}  // namespace

bool EqualsIgnoringCase(std::string_view first, std::string_view second) {
  return std::ranges::equal(first, second, {}, Lower, Lower);
}

std::optional<HtmlTag> ReadHtmlTag(std::string_view text, std::size_t offset, bool comments) {
  std::size_t at = offset + 1;
  if (at < text.size() && (text[at] == '!' || text[at] == '?')) {
    return ReadDeclaration(text, offset, comments);
  }
  HtmlTag tag;
  if (at < text.size() && text[at] == '/') {
    tag.closing = true;
    ++at;
  }
  const std::size_t begin = at;
  while (at < text.size() && at - begin < kLongestName &&
         (IsAsciiLetter(text[at]) ||
          (at > begin && (text[at] == ':' || (text[at] >= '0' && text[at] <= '9'))))) {
    ++at;
  }
  if (at == begin || at >= text.size()) return std::nullopt;
  if (!IsSpace(text[at]) && text[at] != '/' && text[at] != '>') return std::nullopt;
  tag.name = text.substr(begin, at - begin);
  const std::optional<Element> element = FindElement(tag.name);
  if (!element) return std::nullopt;
  tag.effect = element->effect;
  tag.telling = tag.closing || element->telling;
  if (!AttributeReader(text, at).Read(tag)) return std::nullopt;
  return tag;
}

}  // namespace guichet
