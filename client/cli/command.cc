#include "client/cli/command.h"

#include <cstdio>

namespace guichet {

int Fail(const std::string& message) {
  std::fprintf(stderr, "guichet: %s\n", message.c_str());
  return kExitFailed;
}

int Fail(const absl::Status& status) { return Fail(std::string(status.message())); }

}  // namespace guichet
