#include "client/cli/progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

namespace guichet {
namespace {

constexpr int kWidth = 24;
constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

ProgressBar::ProgressBar(bool quiet)
    : quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      color_(terminal_ && std::getenv("NO_COLOR") == nullptr) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Show(std::int64_t done, std::int64_t total, const std::string& text) {
  if (quiet_ || !terminal_ || total <= 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (done < total && now - last_ < kInterval) return;
  last_ = now;
  const auto filled =
      static_cast<std::size_t>(std::min<std::int64_t>(kWidth, done * kWidth / total));
  const std::string bar(filled, '#');
  fmt::print(stderr, "\r{}{:<{}}{} {:3}%  {}  ", color_ ? "\x1b[36m" : "", bar, kWidth,
             color_ ? "\x1b[0m" : "", done * 100 / total, text);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::Line(const std::string& text) {
  if (quiet_) return;
  Clear();
  fmt::print(stderr, "{}\n", text);
  std::fflush(stderr);
}

void ProgressBar::Clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r{:<110}\r", "");
  std::fflush(stderr);
  drawn_ = false;
}

std::string ShowDuration(std::chrono::duration<double> duration) {
  const auto seconds = static_cast<std::int64_t>(std::max(0.0, duration.count()));
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace guichet
