#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace guichet {

// Reads a serialised sentencepiece ModelProto as far as sentencepiece 0.2.0 takes it on trust: the
// double array of the normalisation table is followed without looking at its size, prefixes that
// nest deeper than a fixed array are read past its end, a NUL within a piece or a score that is no
// number upsets the search; endless pieces, rules and samples cost stack, memory and time. Nothing
// when none of that is in the file, else what is. Linear in the file's size; allocates in
// proportion to it.
std::optional<std::string> FindUnsafeModelPart(std::string_view serialized);

}  // namespace guichet
