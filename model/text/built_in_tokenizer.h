#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

namespace guichet {

// What comes with the program: BARThez's tokenizer, and a small pre-trained BARThez with its own.
inline constexpr std::string_view kBuiltInNames[] = {"barthez", "guichet-mini"};

// The folder of one of these names. Looked for in $GUICHET_DATA_DIR/<name>, the installed share
// folder, the source tree's examples/<name>, in this order. NOT_FOUND names the folders looked at,
// or the names there are.
absl::StatusOr<std::filesystem::path> BuiltInFolder(std::string_view name);

// A tokenizer by folder, or else by its built-in name.
absl::StatusOr<std::unique_ptr<const Tokenizer>> OpenTokenizer(const std::string& model);

}  // namespace guichet
