#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "model/text/tokenizer.h"

namespace guichet {

// The rows of a golden file, tests/data/tokenizer/<name>.jsonl.gz, all or those of one type.
std::vector<nlohmann::json> GoldenRows(const std::string& name);
std::vector<nlohmann::json> GoldenRows(const std::string& name, const std::string& type);

// Compares a result with the expected ids, and `unknown_tokens` with their count of <unk>.
void ExpectIds(const absl::StatusOr<Encoding>& encoding, const nlohmann::json& expected);

// Compares decoding with every decoding the row has: decode_skip, decode_keep, decode_skip_clean,
// decode_keep_clean. Returns how many it has.
int ExpectDecodings(const Tokenizer& tokenizer, const nlohmann::json& row);

}  // namespace guichet
