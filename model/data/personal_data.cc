#include "model/data/personal_data.h"

#include <algorithm>

#include "model/data/personal_numbers.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxIpv6Bytes = 45;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWord(char c) { return IsDigit(c) || IsLetter(c); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsLocal(char c) {
  return IsWord(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

// Looks for spans from left to right; each begins where the last one ended or later.
class PersonalDataScanner {
 public:
  explicit PersonalDataScanner(std::string_view text) : text_(text) {}

  std::vector<PersonalDataSpan> Scan() {
    for (at_ = 0; at_ < text_.size();) {
      const char c = text_[at_];
      const bool found = (c == '@' && TakeEmail()) || (c == ':' && TakeIpv6()) ||
                         ((IsWord(c) || c == '+') && BeginsWord() && TakeNumber());
      if (!found) ++at_;
    }
    return std::move(spans_);
  }

 private:
  bool BeginsWord() const { return at_ == 0 || !IsWord(text_[at_ - 1]); }

  bool Take(PersonalDataKind kind, std::size_t begin, std::size_t size) {
    if (size == 0) return false;
    spans_.push_back({.kind = kind, .begin = begin, .size = size});
    at_ = end_ = begin + size;
    return true;
  }

  bool TakeNumber() {
    const std::string_view rest = text_.substr(at_);
    if (IsLetter(rest[0])) return Take(PersonalDataKind::kIban, at_, MatchIban(rest));
    const bool goes_on = at_ > 1 && text_[at_ - 1] == '.' && IsDigit(text_[at_ - 2]);
    return Take(PersonalDataKind::kNir, at_, MatchNir(rest)) ||
           (!goes_on && Take(PersonalDataKind::kIpAddress, at_, MatchIpv4(rest))) ||
           Take(PersonalDataKind::kPhone, at_, MatchPhone(rest));
  }

  bool TakeEmail() {
    std::size_t begin = at_;
    // 64 characters at most (RFC 5321), which also bounds the time.
    while (begin > end_ && at_ - begin < 64 && IsLocal(text_[begin - 1])) --begin;
    while (begin < at_ && !IsWord(text_[begin])) ++begin;
    std::size_t end = at_ + 1;
    std::size_t last_dot = 0;
    while (end < text_.size() && end - at_ < 255 &&
           (IsWord(text_[end]) || text_[end] == '-' || text_[end] == '.')) {
      if (text_[end] == '.') {
        if (end + 1 >= text_.size() || !IsWord(text_[end + 1])) break;
        last_dot = end;
      }
      ++end;
    }
    const bool host = last_dot > at_ + 1 && end - last_dot > 2 && IsLetter(text_[last_dot + 1]);
    return begin < at_ && host && Take(PersonalDataKind::kEmail, begin, end - begin);
  }

  bool TakeIpv6() {
    std::size_t begin = at_;
    while (begin > end_ && at_ - begin < 5 && IsHex(text_[begin - 1])) --begin;
    if (begin > 0 && (IsWord(text_[begin - 1]) || text_[begin - 1] == ':')) return false;
    std::size_t end = at_;
    while (end < text_.size() && end - begin <= kMaxIpv6Bytes &&
           (IsHex(text_[end]) || text_[end] == ':' || text_[end] == '.')) {
      ++end;
    }
    while (end > begin && (text_[end - 1] == '.' || text_[end - 1] == ':')) --end;
    const bool ends = end >= text_.size() || !IsWord(text_[end]);
    if (!ends || !IsIpv6(text_.substr(begin, end - begin))) return false;
    return Take(PersonalDataKind::kIpAddress, begin, end - begin);
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;  // of the last span
  std::vector<PersonalDataSpan> spans_;
};

}  // namespace

std::string_view NameOf(PersonalDataKind kind) {
  switch (kind) {
    case PersonalDataKind::kEmail:
      return "email";
    case PersonalDataKind::kPhone:
      return "phone";
    case PersonalDataKind::kIban:
      return "iban";
    case PersonalDataKind::kNir:
      return "nir";
    case PersonalDataKind::kIpAddress:
      break;
  }
  return "ip";
}

std::vector<PersonalDataSpan> FindPersonalData(std::string_view text) {
  return PersonalDataScanner(text).Scan();
}

std::string MaskPersonalData(std::string_view text) {
  std::string masked;
  std::size_t at = 0;
  for (const PersonalDataSpan& span : FindPersonalData(text)) {
    masked += text.substr(at, span.begin - at);
    masked += '[';
    masked += NameOf(span.kind);
    masked += ']';
    at = span.begin + span.size;
  }
  masked += text.substr(at);
  return masked;
}

}  // namespace guichet
