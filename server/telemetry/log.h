#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"

namespace guichet {

enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError };

// One named value of a log line.
struct LogField {
  using Value = std::variant<std::int64_t, double, bool, std::string>;

  LogField(std::string_view field_name, std::string_view text)
      : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, const char* text)
      : name(field_name), value(std::string(text)) {}
  LogField(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  template <std::integral T>
  LogField(std::string_view field_name, T number)
      : name(field_name), value(static_cast<std::int64_t>(number)) {}
  template <std::floating_point T>
  LogField(std::string_view field_name, T number)
      : name(field_name), value(static_cast<double>(number)) {}

  std::string_view name;
  Value value;
};

// Where lines go from now on: stderr, as "text" or "json", from `level` up ("trace", "debug",
// "info", "warning", "error"). INVALID_ARGUMENT: an unknown word. Call before other threads log.
absl::Status StartLog(const std::string& format, const std::string& level);
// Writes out what waits and stops the writer; later lines are lost. Call last, when nobody logs.
void StopLog();
// Changes the level of a running log. Any thread.
absl::Status SetLogLevel(const std::string& level);

bool LogEnabled(LogLevel level);
// One line: an event in a few words and its fields. Never blocks: a full buffer drops its oldest
// lines. A ticket's text is never a field; ids chosen by callers only in bounded form. Before
// StartLog lines are dropped. Any thread.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// The part of a line after time and level; exposed for tests.
std::string FormatLogLine(bool json, std::string_view event,
                          std::initializer_list<LogField> fields);

}  // namespace guichet
