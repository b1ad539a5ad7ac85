#include "client/cli/command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "client/cli/interrupt.h"

namespace guichet {

int RunCommand(const CommandContext& context) {
  int code = kExitFailed;
  try {
    code = context.run();
  } catch (const std::exception& error) {  // of the standard library: no memory, no such path
    return Fail(error.what());
  }
  if (Interrupted()) EndInterrupted();
  const bool written_before = std::ferror(stdout) == 0;
  if ((std::fflush(stdout) == 0 && written_before) || code != kExitOk) return code;
  if (errno == EPIPE) EndByClosedPipe();
  return Fail(std::string("stdout cannot be written: ") + std::strerror(errno));
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "guichet: %s\n", message.c_str());
  return kExitFailed;
}

int Fail(const absl::Status& status) { return Fail(std::string(status.message())); }

}  // namespace guichet
