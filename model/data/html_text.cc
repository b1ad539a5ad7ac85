#include "model/data/html_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace guichet {
namespace {

constexpr std::size_t kMaxEntityBytes = 12;

// Those that French text and helpdesks' editors use; an unknown one stays as it is written.
constexpr std::array<std::pair<std::string_view, std::string_view>, 44> kEntities = {
    {{"amp", "&"},    {"lt", "<"},     {"gt", ">"},     {"quot", "\""},  {"apos", "'"},
     {"nbsp", " "},   {"agrave", "à"}, {"acirc", "â"},  {"aelig", "æ"},  {"ccedil", "ç"},
     {"egrave", "è"}, {"eacute", "é"}, {"ecirc", "ê"},  {"euml", "ë"},   {"icirc", "î"},
     {"iuml", "ï"},   {"ocirc", "ô"},  {"oelig", "œ"},  {"ugrave", "ù"}, {"ucirc", "û"},
     {"uuml", "ü"},   {"Agrave", "À"}, {"Acirc", "Â"},  {"Ccedil", "Ç"}, {"Egrave", "È"},
     {"Eacute", "É"}, {"Ecirc", "Ê"},  {"Icirc", "Î"},  {"Ocirc", "Ô"},  {"OElig", "Œ"},
     {"Ugrave", "Ù"}, {"laquo", "«"},  {"raquo", "»"},  {"lsquo", "‘"},  {"rsquo", "’"},
     {"ldquo", "“"},  {"rdquo", "”"},  {"hellip", "…"}, {"ndash", "–"},  {"mdash", "—"},
     {"euro", "€"},   {"deg", "°"},    {"middot", "·"}, {"bull", "•"}}};

// Tags that begin a line, then those that do not.
constexpr std::array<std::string_view, 31> kBlocks = {
    "p",     "br",    "div",        "ul",      "ol",      "li",     "table", "tr",
    "h1",    "h2",    "h3",         "h4",      "h5",      "h6",     "hr",    "pre",
    "html",  "body",  "head",       "title",   "dl",      "dt",     "dd",    "form",
    "tbody", "thead", "blockquote", "section", "article", "header", "footer"};
constexpr std::array<std::string_view, 25> kInline = {
    "a",    "b",     "i",      "u",   "s",    "em",   "strong", "span", "font",
    "img",  "td",    "th",     "sub", "sup",  "code", "big",    "meta", "link",
    "base", "small", "center", "col", "abbr", "o:p",  "label"};
constexpr std::array<std::string_view, 2> kHidden = {"script", "style"};

struct Tag {
  std::string name;  // lower case
  bool closing = false;
  std::string_view attributes;
  std::size_t bytes = 0;  // "<" to ">"
};

bool Contains(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Where the last tag and the last comment of a text can end. Known beforehand, so that a text of
// many beginnings and no end is not searched to its end for each.
struct LastEnds {
  explicit LastEnds(std::string_view html) {
    const std::size_t tag_at = html.rfind('>');
    const std::size_t comment_at = html.rfind("-->");
    if (tag_at != html.npos) tag = html.data() + tag_at;
    if (comment_at != html.npos) comment = html.data() + comment_at;
  }
  const char* tag = nullptr;
  const char* comment = nullptr;
};

// The tag or comment at the head of `html`, if it is one of HTML's.
std::optional<Tag> ReadTag(std::string_view html, const LastEnds& ends) {
  if (ends.tag == nullptr || ends.tag < html.data()) return std::nullopt;
  if (html.starts_with("<!--")) {
    const bool closed = ends.comment != nullptr && ends.comment >= html.data() + 4;
    const std::size_t end = closed ? html.find("-->", 4) + 3 : html.find('>') + 1;
    return Tag{.name = "!", .closing = false, .attributes = {}, .bytes = end};
  }
  Tag tag;
  std::size_t at = 1;
  if (at < html.size() && html[at] == '/') {
    tag.closing = true;
    ++at;
  }
  while (at < html.size() && tag.name.size() < 12) {
    const char c = html[at];
    const bool upper = c >= 'A' && c <= 'Z';
    const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' ||
                        (c == '!' && tag.name.empty());
    if (!letter) break;
    tag.name += upper ? static_cast<char>(c - 'A' + 'a') : c;
    ++at;
  }
  if (tag.name != "!doctype" && !Contains(kBlocks, tag.name) && !Contains(kInline, tag.name) &&
      !Contains(kHidden, tag.name)) {
    return std::nullopt;
  }
  constexpr std::string_view kAfterName = ">/ \n\t\r";
  if (at == html.size() || kAfterName.find(html[at]) == kAfterName.npos) return std::nullopt;
  const std::size_t end = html.find('>', at);
  if (end == html.npos) return std::nullopt;
  tag.attributes = html.substr(at, end - at);
  tag.bytes = end + 1;
  return tag;
}

void AppendCharacter(std::uint32_t c, std::string& text) {
  if (c == 0 || c > 0x10FFFFU || (c >= 0xD800U && c < 0xE000U)) c = 0xFFFDU;
  if (c == 0xA0U) c = ' ';
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80U) {
    put(c);
    return;
  }
  const int more = c < 0x800U ? 1 : c < 0x10000U ? 2 : 3;
  constexpr std::array<std::uint32_t, 4> kLead = {0, 0xC0U, 0xE0U, 0xF0U};
  put(kLead[static_cast<std::size_t>(more)] | (c >> (6U * static_cast<unsigned>(more))));
  for (int i = more - 1; i >= 0; --i) put(0x80U | ((c >> (6U * static_cast<unsigned>(i))) & 0x3FU));
}

// Appends the entity at the head of `html`; returns its bytes, 0 where there is none.
std::size_t TakeEntity(std::string_view html, std::string& text) {
  const std::size_t end = html.substr(0, kMaxEntityBytes).find(';');
  if (end == html.npos || end < 2) return 0;
  std::string_view name = html.substr(1, end - 1);
  if (name[0] == '#') {
    name.remove_prefix(1);
    const bool hex = !name.empty() && (name[0] == 'x' || name[0] == 'X');
    if (hex) name.remove_prefix(1);
    std::uint32_t value = 0;
    const auto [last, error] =
        std::from_chars(name.data(), name.data() + name.size(), value, hex ? 16 : 10);
    if (name.empty() || error != std::errc() || last != name.data() + name.size()) return 0;
    AppendCharacter(value, text);
    return end + 1;
  }
  const auto found = std::ranges::find(kEntities, name, [](const auto& e) { return e.first; });
  if (found == kEntities.end()) return 0;
  text += found->second;
  return end + 1;
}

std::string DecodeEntities(std::string_view html) {
  std::string text;
  text.reserve(html.size());
  while (!html.empty()) {
    const std::size_t bytes = html[0] == '&' ? TakeEntity(html, text) : 0;
    if (bytes == 0) text += html[0];
    html.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return text;
}

bool HoldsTag(std::string_view html) {
  const LastEnds ends(html);
  for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
    if (ReadTag(html.substr(at), ends)) return true;
  }
  return false;
}

std::string_view AltOf(std::string_view attributes) {
  const std::size_t at = attributes.find("alt=\"");
  if (at == attributes.npos) return {};
  const std::string_view value = attributes.substr(at + 5);
  return value.substr(0, value.find('"'));
}

// Text with white space as HTML shows it: runs are one space, and lines begin where asked.
class Lines {
 public:
  void Add(char c) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      space_ = true;
      return;
    }
    if (line_ && !text_.empty()) text_ += '\n';
    if (space_ && !line_ && !text_.empty()) text_ += ' ';
    space_ = line_ = false;
    text_ += c;
  }
  void Add(std::string_view text) {
    for (const char c : text) Add(c);
  }
  void BreakLine() { line_ = true; }

  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
  bool space_ = false;
  bool line_ = false;
};

std::string StripTags(std::string_view html) {
  const LastEnds ends(html);
  Lines lines;
  while (!html.empty()) {
    const auto tag = html[0] == '<' ? ReadTag(html, ends) : std::nullopt;
    if (!tag) {
      std::string entity;
      const std::size_t bytes = html[0] == '&' ? TakeEntity(html, entity) : 0;
      if (bytes > 0) {
        lines.Add(entity);
      } else {
        lines.Add(html[0]);
      }
      html.remove_prefix(std::max<std::size_t>(bytes, 1));
      continue;
    }
    html.remove_prefix(tag->bytes);
    if (Contains(kBlocks, tag->name)) lines.BreakLine();
    if (tag->name == "td" || tag->name == "th") lines.Add(' ');
    if (tag->name == "img") lines.Add(DecodeEntities(AltOf(tag->attributes)));
    if (Contains(kHidden, tag->name) && !tag->closing) {
      const std::size_t end = html.find("</" + tag->name);
      html.remove_prefix(std::min(end, html.size()));
    }
  }
  return lines.Take();
}

}  // namespace

std::string HtmlToText(std::string_view html) {
  if (HoldsTag(html)) return StripTags(html);
  std::string decoded = DecodeEntities(html);
  if (decoded != html && HoldsTag(decoded)) return StripTags(decoded);
  return decoded;
}

}  // namespace guichet
