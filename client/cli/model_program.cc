#include "client/cli/model_program.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include "client/cli/command.h"

namespace guichet {

int ExecModelProgram(const std::vector<std::string>& arguments) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const fs::path beside = here / "guichet-model";
  const fs::path installed = here.parent_path() / "libexec/guichet/guichet-model";
  const fs::path& program = fs::exists(beside, error) ? beside : installed;
  ::execv(program.c_str(), argv.data());
  return Fail("cannot start " + program.string() + ": " + std::strerror(errno) +
              "; it belongs beside guichet");
}

}  // namespace guichet
