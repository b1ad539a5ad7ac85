#pragma once

#include <string>
#include <vector>

namespace guichet {

// Replaces this process by guichet-model with the same arguments. Looked for beside this program,
// then in ../libexec/guichet. Returns only when it cannot, with kExitFailed and a message.
int ExecModelProgram(const std::vector<std::string>& arguments);

// An installed program finds the built-in tokenizer in ../share/guichet, wherever the tree was
// moved to: sets GUICHET_DATA_DIR to it unless it is set or there is no such folder.
void FindInstalledData();

}  // namespace guichet
