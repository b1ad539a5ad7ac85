#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace guichet {

// `names` in `folder`, then those of the files beside them that transformers needs to load the same
// tokenizer back, where present: tokenizer_config.json and special_tokens_map.json.
std::vector<std::filesystem::path> ListTokenizerFiles(const std::filesystem::path& folder,
                                                      std::initializer_list<std::string> names);

}  // namespace guichet
