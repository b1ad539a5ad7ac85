#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

namespace guichet {

// The folder of a tokenizer that comes with the program; the only name is "barthez". Looked for in
// $GUICHET_DATA_DIR/<name>, the installed share folder, the source tree's examples/<name>, in this
// order. NOT_FOUND names the folders looked at, or the names there are.
absl::StatusOr<std::filesystem::path> BuiltInTokenizerFolder(std::string_view name);

// A tokenizer by folder, or else by its built-in name.
absl::StatusOr<std::unique_ptr<const Tokenizer>> OpenTokenizer(const std::string& model);

}  // namespace guichet
