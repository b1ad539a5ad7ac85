#pragma once

#include <array>
#include <string>

#include <unistd.h>

namespace guichet {

// This machine's name as trackers show it; "localhost" where it has none.
inline std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace guichet
