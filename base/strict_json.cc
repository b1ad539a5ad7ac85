#include "base/strict_json.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"

namespace guichet {
namespace {

using nlohmann::json;

// Longest run of white space, digits or letters outside strings. The parser buffers each run.
constexpr size_t kMaxRunBytes = 4096;
constexpr size_t kMaxNumberBytes = 64;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Walks over a text without building anything and enforces the limits. It does not decide whether
// the text is JSON; the parser does.
class LimitScanner {
 public:
  explicit LimitScanner(const JsonLimits& limits) : limits_(limits) {}

  absl::Status Scan(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '"') {
        GUICHET_ASSIGN_OR_RETURN(i, EndOfString(text, i));
        run_ = 0;
        continue;
      }
      GUICHET_RETURN_IF_ERROR(Step(text[i]));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<size_t> EndOfString(std::string_view text, size_t begin) const {
    for (size_t i = begin + 1; i < text.size() && i - begin <= limits_.max_string_bytes + 1; ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        return i;
      }
    }
    return absl::InvalidArgumentError(fmt::format(
        "the string at byte {} does not end within {} bytes", begin, limits_.max_string_bytes));
  }

  absl::Status Step(char c) {
    const bool space = IsSpace(c);
    // The parser takes NUL for the end of its input; nothing below a space is JSON here.
    if (static_cast<unsigned char>(c) < 0x20 && !space) {
      return absl::InvalidArgumentError("control character outside of a string");
    }
    const bool punctuation = c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':';
    run_ = punctuation || space != run_is_space_ ? 1 : run_ + 1;
    run_is_space_ = space;
    if (run_ > (space ? kMaxRunBytes : kMaxNumberBytes)) {
      return absl::InvalidArgumentError(
          fmt::format("a number, word or gap longer than {} bytes", run_ - 1));
    }
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && depth_ > 0) --depth_;
    if (depth_ > limits_.max_depth) {
      return absl::InvalidArgumentError(fmt::format("nested deeper than {}", limits_.max_depth));
    }
    // Every value but the first follows an opening bracket or a comma.
    if ((c == '{' || c == '[' || c == ',') && ++values_ > limits_.max_values) {
      return absl::InvalidArgumentError(fmt::format("more than {} values", limits_.max_values));
    }
    return absl::OkStatus();
  }

  const JsonLimits& limits_;
  size_t depth_ = 0;
  size_t values_ = 1;
  size_t run_ = 0;
  bool run_is_space_ = false;
};

// Builds the value and stops at the first name given twice.
class StrictBuilder : public nlohmann::json_sax<json> {
 public:
  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(number_integer_t value) override { return Add(value); }
  bool number_unsigned(number_unsigned_t value) override { return Add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return Add(value); }
  bool string(string_t& value) override { return Add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(size_t /*size*/) override { return Open(json::object()); }
  bool end_object() override { return Close(); }
  bool start_array(size_t /*size*/) override { return Open(json::array()); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    if (open_.back()->contains(name)) {
      error_ = fmt::format("the name \"{:.200}\" is given twice", name);
      return false;
    }
    slot_ = &(*open_.back())[name];
    return true;
  }

  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const json::exception& error) override {
    error_ = error.what();
    // "[json.exception.parse_error.101] parse error at line 1…"
    if (const size_t id = error_.find("] "); id != std::string::npos) error_.erase(0, id + 2);
    // It quotes the text, which may be anything.
    for (char& c : error_) {
      if (c < ' ' || c > '~') c = '?';
    }
    return false;
  }

  json& root() { return root_; }
  const std::string& error() const { return error_; }

 private:
  json* Place(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) return &open_.back()->emplace_back(std::move(value));
    *slot_ = std::move(value);
    return slot_;
  }
  bool Add(json value) {
    Place(std::move(value));
    return true;
  }
  // A container's address is stable while it is open: its parent grows only after it is closed.
  bool Open(json container) {
    open_.push_back(Place(std::move(container)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  json root_;
  json* slot_ = nullptr;
  std::vector<json*> open_;
  std::string error_;
};

}  // namespace

absl::StatusOr<json> ParseStrictJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return absl::InvalidArgumentError(
        fmt::format("JSON: {} bytes, more than the {} allowed", text.size(), limits.max_bytes));
  }
  if (absl::Status scanned = LimitScanner(limits).Scan(text); !scanned.ok()) {
    return absl::InvalidArgumentError(fmt::format("JSON: {}", std::string(scanned.message())));
  }
  StrictBuilder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder)) {
    return absl::InvalidArgumentError(
        fmt::format("JSON: {}", builder.error().empty() ? "not valid" : builder.error()));
  }
  return std::move(builder.root());
}

}  // namespace guichet
