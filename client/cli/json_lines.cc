#include "client/cli/json_lines.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "client/cli/interrupt.h"

namespace guichet {

double ShortestDouble(float value) {
  const std::string decimal = fmt::format("{}", value);
  double parsed = 0;
  std::from_chars(decimal.data(), decimal.data() + decimal.size(), parsed);
  return parsed;
}

namespace {

absl::Status CannotWrite() {
  if (errno == EPIPE) EndByClosedPipe();
  return absl::UnknownError(std::string("stdout cannot be written: ") + std::strerror(errno));
}

}  // namespace

absl::Status WriteJsonLine(const OrderedJson& object) {
  const std::string line =
      object.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) return CannotWrite();
  if (Interrupted()) EndInterrupted();
  return absl::OkStatus();
}

absl::Status FlushJsonLines() {
  return std::fflush(stdout) == 0 ? absl::OkStatus() : CannotWrite();
}

}  // namespace guichet
