#include "client/cli/model_program.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include "client/cli/command.h"

namespace guichet {
namespace {

std::filesystem::path ProgramFolder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace

int ExecModelProgram(const std::vector<std::string>& arguments) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path here = ProgramFolder();
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const fs::path beside = here / "guichet-model";
  const fs::path installed = here.parent_path() / "libexec/guichet/guichet-model";
  const fs::path& program = fs::exists(beside, error) ? beside : installed;
  ::execv(program.c_str(), argv.data());
  return Fail("cannot start " + program.string() + ": " + std::strerror(errno) +
              "; it belongs beside guichet");
}

void FindInstalledData() {
  const std::filesystem::path data = ProgramFolder().parent_path() / "share/guichet";
  std::error_code ignored;
  if (!std::filesystem::is_directory(data / "barthez", ignored)) return;
  ::setenv("GUICHET_DATA_DIR", data.c_str(), /*overwrite=*/0);
}

}  // namespace guichet
