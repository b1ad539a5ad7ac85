#include "client/cli/command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "client/cli/interrupt.h"

namespace guichet {

int RunCommand(const CommandContext& context) {
  const int code = context.run();
  if (Interrupted()) EndInterrupted();
  if (std::fflush(stdout) == 0 || code != kExitOk) return code;
  return Fail(std::string("stdout cannot be written: ") + std::strerror(errno));
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "guichet: %s\n", message.c_str());
  return kExitFailed;
}

int Fail(const absl::Status& status) { return Fail(std::string(status.message())); }

}  // namespace guichet
