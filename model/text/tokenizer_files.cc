#include "model/text/tokenizer_files.h"

#include <system_error>

namespace guichet {

std::vector<std::filesystem::path> ListTokenizerFiles(const std::filesystem::path& folder,
                                                      std::initializer_list<std::string> names) {
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names) files.push_back(folder / name);
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(folder / name, ignored)) files.push_back(folder / name);
  }
  return files;
}

}  // namespace guichet
