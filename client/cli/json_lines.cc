#include "client/cli/json_lines.h"

#include <charconv>
#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace guichet {

double ShortestDouble(float value) {
  const std::string decimal = fmt::format("{}", value);
  double parsed = 0;
  std::from_chars(decimal.data(), decimal.data() + decimal.size(), parsed);
  return parsed;
}

bool WriteJsonLine(const OrderedJson& object) {
  const std::string line =
      object.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
         std::ferror(stdout) == 0;
}

}  // namespace guichet
