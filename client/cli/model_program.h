#pragma once

#include <string>
#include <vector>

namespace guichet {

// Replaces this process by guichet-model with the same arguments. Looked for beside this program,
// then in
// ../libexec/guichet. Returns only when it cannot, with kExitFailed and a message.
int ExecModelProgram(const std::vector<std::string>& arguments);

}  // namespace guichet
