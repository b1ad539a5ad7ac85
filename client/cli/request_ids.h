#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace guichet {

// Ids by which a server knows a repeated request again.

// "cli-" and 32 random hexadecimal digits.
std::string RandomRequestId();
// Accepts 1 to 128 printable ASCII characters without spaces.
CLI::Validator RequestId();

}  // namespace guichet
