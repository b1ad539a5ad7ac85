#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include "tests/support/shared_data.h"

namespace guichet {

// The archives unpacked by this process; removes them when it ends.
class UnpackedArchives {
 public:
  static UnpackedArchives& Instance() {
    static UnpackedArchives instance;
    return instance;
  }

  ~UnpackedArchives() {
    if (root_.empty() || owner_ != ::getpid()) return;  // a forked child leaves them alone
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  std::filesystem::path Get(const std::string& relative) {
    const auto known = folders_.find(relative);
    if (known != folders_.end()) return known->second;
    const std::filesystem::path archive = TestData(relative);
    if (!std::filesystem::exists(archive)) {
      throw std::runtime_error("no such test archive: " + archive.string());
    }
    const std::filesystem::path folder = Root() / std::to_string(folders_.size());
    std::filesystem::create_directory(folder);
    const std::string command = "cmake -E chdir '" + folder.string() + "' cmake -E tar xf '" +
                                std::filesystem::absolute(archive).string() + "'";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
    // goldens/tiny_classifier.tar.xz holds the folder tiny_classifier.
    return folders_[relative] = folder / archive.stem().stem();
  }

 private:
  const std::filesystem::path& Root() {
    if (root_.empty()) {
      std::string name = (std::filesystem::temp_directory_path() / "guichet-test-XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create " + name);
      root_ = name;
      owner_ = ::getpid();
    }
    return root_;
  }

  std::filesystem::path root_;
  pid_t owner_ = 0;
  std::map<std::string, std::filesystem::path> folders_;
};

// Unpacks tests/data/<relative>, for example "goldens/tiny_classifier.tar.xz", once a process into
// a temporary folder that is removed when the process ends. Returns the folder the archive holds,
// which bears the archive's name. Throws std::runtime_error when it cannot.
inline std::filesystem::path UnpackTestArchive(const std::string& relative) {
  return UnpackedArchives::Instance().Get(relative);
}

}  // namespace guichet
