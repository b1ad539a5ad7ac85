#include "server/telemetry/log.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace guichet {
namespace {

// Lines that may wait for the writer; a few MB at most.
constexpr std::size_t kWaitingLines = 8192;

struct LevelName {
  std::string_view name;
  spdlog::level::level_enum level;
};
constexpr std::array<LevelName, 5> kLevels = {{{"trace", spdlog::level::trace},
                                               {"debug", spdlog::level::debug},
                                               {"info", spdlog::level::info},
                                               {"warning", spdlog::level::warn},
                                               {"error", spdlog::level::err}}};

std::shared_ptr<spdlog::logger>& Logger() {
  static std::shared_ptr<spdlog::logger> logger;
  return logger;
}

std::atomic<bool> json_lines{false};

std::optional<spdlog::level::level_enum> ParseLevel(std::string_view name) {
  for (const LevelName& each : kLevels) {
    if (each.name == name) return each.level;
  }
  return std::nullopt;
}

absl::Status UnknownLevel(const std::string& level) {
  return absl::InvalidArgumentError(
      fmt::format("log.level is \"{}\"; it must be trace, debug, info, warning or error", level));
}

std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ValueText(const LogField::Value& value) {
  return std::visit(
      [](const auto& each) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(each)>, std::string>) {
          return Quoted(each);
        } else {
          return nlohmann::json(each).dump();
        }
      },
      value);
}

}  // namespace

std::string FormatLogLine(bool json, std::string_view event,
                          std::initializer_list<LogField> fields) {
  std::string line = json ? fmt::format("\"event\":{}", Quoted(event)) : std::string(event);
  for (const LogField& field : fields) {
    if (json) {
      fmt::format_to(std::back_inserter(line), ",{}:{}", Quoted(field.name),
                     ValueText(field.value));
    } else {
      fmt::format_to(std::back_inserter(line), " {}={}", field.name, ValueText(field.value));
    }
  }
  return line;
}

absl::Status StartLog(const std::string& format, const std::string& level) {
  const std::optional<spdlog::level::level_enum> parsed = ParseLevel(level);
  if (!parsed.has_value()) return UnknownLevel(level);
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError(
        fmt::format("log.format is \"{}\"; it must be text or json", format));
  }
  StopLog();
  const bool json = format == "json";
  spdlog::init_thread_pool(kWaitingLines, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger =
      std::make_shared<spdlog::async_logger>("guichet", std::move(sink), spdlog::thread_pool(),
                                             spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern(
      json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc);
  logger->set_level(*parsed);
  logger->flush_on(spdlog::level::trace);
  json_lines.store(json);
  Logger() = std::move(logger);
  return absl::OkStatus();
}

void StopLog() {
  Logger().reset();
  spdlog::shutdown();
}

absl::Status SetLogLevel(const std::string& level) {
  const std::optional<spdlog::level::level_enum> parsed = ParseLevel(level);
  if (!parsed.has_value()) return UnknownLevel(level);
  if (Logger()) Logger()->set_level(*parsed);
  return absl::OkStatus();
}

bool LogEnabled(LogLevel level) {
  return Logger() && Logger()->should_log(kLevels[static_cast<std::size_t>(level)].level);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  Logger()->log(kLevels[static_cast<std::size_t>(level)].level, "{}",
                FormatLogLine(json_lines.load(), event, fields));
}

}  // namespace guichet
