#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/cleaning/cleaning_rules.h"
#include "model/cleaning/html_entities.h"
#include "model/cleaning/html_tags.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

// Text without its tags, line by line. White space is HTML's: a run of it is one space, but line
// ends stay, as the subject's is one.
class PlainText {
 public:
  void Add(std::string_view text) {
    for (const char c : text) {
      if (c == '\n' || c == '\r') {
        Break();
      } else if (c == ' ' || c == '\t') {
        Space();
      } else {
        Put(c);
      }
    }
  }

  void Space() { space_ = !begins_line_; }

  void Break() {
    if (!begins_line_) text_ += '\n';
    begins_line_ = true;
    space_ = false;
  }

  // An older mail becomes lines with "> " before them.
  void BeginQuote() {
    Break();
    ++quotes_;
  }
  void EndQuote() {
    Break();
    if (quotes_ > 0) --quotes_;
  }

  std::string Take() {
    if (text_.ends_with('\n')) text_.pop_back();
    return std::move(text_);
  }

 private:
  void Put(char c) {
    if (begins_line_ && quotes_ > 0) text_ += "> ";
    if (space_) text_ += ' ';
    begins_line_ = space_ = false;
    text_ += c;
  }

  std::string text_;
  bool begins_line_ = true;
  bool space_ = false;
  int quotes_ = 0;  // blockquotes that are open
};

// Removes the tags of one text.
class TagStripper {
 public:
  explicit TagStripper(std::string_view text) : text_(text), last_comment_end_(text.rfind("-->")) {}

  // Whether a tag in the text shows that it is HTML.
  bool IsHtml() const {
    for (std::size_t at = text_.find('<'); at != std::string_view::npos;) {
      const std::optional<HtmlTag> tag = ReadTag(at);
      if (tag && tag->telling) return true;
      at = text_.find('<', tag ? tag->end : at + 1);
    }
    return false;
  }

  std::string Strip() {
    std::size_t copied = 0;
    for (std::size_t at = text_.find('<'); at != std::string_view::npos;) {
      const std::optional<HtmlTag> tag = ReadTag(at);
      if (!tag) {
        at = text_.find('<', at + 1);
        continue;
      }
      plain_.Add(text_.substr(copied, at - copied));
      copied = Apply(*tag);
      at = text_.find('<', copied);
    }
    plain_.Add(text_.substr(copied));
    return plain_.Take();
  }

 private:
  std::optional<HtmlTag> ReadTag(std::size_t at) const {
    const bool comments = last_comment_end_ != std::string_view::npos && last_comment_end_ > at;
    return ReadHtmlTag(text_, at, comments);
  }

  // Returns where the text goes on.
  std::size_t Apply(const HtmlTag& tag) {
    switch (tag.effect) {
      case TagEffect::kNone:
        break;
      case TagEffect::kSpace:
        plain_.Space();
        break;
      case TagEffect::kBreak:
        plain_.Break();
        break;
      case TagEffect::kQuote:
        tag.closing ? plain_.EndQuote() : plain_.BeginQuote();
        break;
      case TagEffect::kImage:
        plain_.Space();
        plain_.Add(tag.alternative);
        plain_.Space();
        break;
      case TagEffect::kDropsBody:
        return tag.closing ? tag.end : EndOfBody(tag);
    }
    return tag.end;
  }

  // Behind the closing tag; where there is none, only the opening one goes.
  std::size_t EndOfBody(const HtmlTag& tag) {
    const auto is_this = [&](std::string_view name) { return EqualsIgnoringCase(name, tag.name); };
    if (std::ranges::any_of(never_closed_, is_this)) return tag.end;
    for (std::size_t at = text_.find("</", tag.end); at != std::string_view::npos;) {
      const std::optional<HtmlTag> end = ReadTag(at);
      if (end && is_this(end->name)) return end->end;
      at = text_.find("</", at + 2);
    }
    never_closed_.push_back(tag.name);
    return tag.end;
  }

  const std::string_view text_;
  const std::size_t last_comment_end_;
  // Elements whose closing tag does not come any more; hostile texts open many.
  std::vector<std::string_view> never_closed_;
  PlainText plain_;
};

bool DecodeEntities(std::string& text) {
  std::string decoded;
  std::size_t copied = 0;
  for (std::size_t at = text.find('&'); at != std::string::npos;) {
    const std::optional<HtmlEntity> entity = ReadHtmlEntity(text, at);
    if (entity) {
      decoded.append(text, copied, at - copied);
      AppendUtf8(entity->character, decoded);
      copied = at + entity->length;
    }
    at = text.find('&', entity ? copied : at + 1);
  }
  if (copied == 0) return false;
  text = decoded.append(text, copied);
  return true;
}

}  // namespace

bool StripHtml(std::string& text) {
  bool changed = false;
  if (text.find('<') != std::string::npos) {
    TagStripper stripper(text);
    if (stripper.IsHtml()) {
      text = stripper.Strip();
      changed = true;
    }
  }
  return DecodeEntities(text) || changed;
}

}  // namespace guichet
