#pragma once

#include <string>

namespace guichet {

// Names the calling thread for debuggers and `top -H`; the kernel keeps the first 15 bytes.
void SetThreadName(const std::string& name);

}  // namespace guichet
