#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace guichet {

// Progress on stderr: one line that redraws itself on a terminal, nothing in a pipe (callers print
// whole lines there). Not thread-safe.
class ProgressBar {
 public:
  // quiet: nothing at all. NO_COLOR in the environment: no escape sequences but the carriage
  // return.
  explicit ProgressBar(bool quiet);
  ~ProgressBar();  // clears the line

  // At most ten times a second; the last of `total` always.
  void Show(std::int64_t done, std::int64_t total, const std::string& text);
  // A whole line, above the bar on a terminal; not when quiet.
  void Line(const std::string& text);

 private:
  void Clear();

  const bool quiet_;
  const bool terminal_;
  const bool color_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

// "1:05", "2:03:04".
std::string ShowDuration(std::chrono::duration<double> duration);

}  // namespace guichet
