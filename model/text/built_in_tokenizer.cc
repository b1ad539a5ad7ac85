#include "model/text/built_in_tokenizer.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/status/status.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

std::vector<std::filesystem::path> DataFolders() {
  std::vector<std::filesystem::path> folders;
  if (const char* folder = std::getenv("GUICHET_DATA_DIR"); folder != nullptr && *folder != '\0') {
    folders.emplace_back(folder);
  }
#ifdef GUICHET_INSTALL_DATADIR
  folders.emplace_back(GUICHET_INSTALL_DATADIR);
#endif
  folders.emplace_back(GUICHET_EXAMPLES_DIR);
  return folders;
}

}  // namespace

absl::StatusOr<std::filesystem::path> BuiltInFolder(std::string_view name) {
  if (std::ranges::find(kBuiltInNames, name) == std::end(kBuiltInNames)) {
    return absl::NotFoundError(fmt::format("\"{}\" is neither a folder nor one of \"{}\"", name,
                                           fmt::join(kBuiltInNames, "\", \"")));
  }
  std::vector<std::string> looked_at;
  for (const std::filesystem::path& data : DataFolders()) {
    std::filesystem::path folder = data / name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(folder / "sentencepiece.bpe.model", ignored)) {
      return folder;
    }
    looked_at.push_back(folder.string());
  }
  return absl::NotFoundError(
      fmt::format("the built-in model \"{}\" is in none of {}; set GUICHET_DATA_DIR to the "
                  "folder that holds it",
                  name, fmt::join(looked_at, ", ")));
}

absl::StatusOr<std::unique_ptr<const Tokenizer>> OpenTokenizer(const std::string& model) {
  std::error_code ignored;
  if (std::filesystem::is_directory(model, ignored)) return LoadTokenizer(model);
  GUICHET_ASSIGN_OR_RETURN(const std::filesystem::path folder, BuiltInFolder(model));
  return LoadTokenizer(folder);
}

}  // namespace guichet
