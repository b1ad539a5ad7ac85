#include "client/cli/request_ids.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

namespace guichet {

std::string RandomRequestId() {
  std::random_device entropy;
  std::string id = "cli-";
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", entropy());
  return id;
}

CLI::Validator RequestId() {
  return CLI::Validator(
      [](const std::string& id) {
        const bool printable = std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
        if (printable && !id.empty() && id.size() <= 128) return std::string();
        return std::string("a request id is 1 to 128 printable ASCII characters without spaces");
      },
      "");
}

}  // namespace guichet
