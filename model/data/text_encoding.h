#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/data/byte_source.h"

namespace guichet {

// How the bytes of a file stand for characters. What comes out of a reader is always UTF-8.
enum class TextEncoding {
  kAuto,         // UTF-16 by its byte order mark; else UTF-8, and see LineReader for Windows-1252
  kUtf8,         // with or without a byte order mark
  kWindows1252,  // what a French Excel writes as "CSV"; holds Latin-1's printable characters
  kUtf16         // what Excel calls "Unicode text"; without a mark, little end first
};

// "auto", "utf-8", "windows-1252" or "utf-16".
absl::StatusOr<TextEncoding> ParseTextEncoding(std::string_view name);

// The offset of the first byte that Windows-1252 gives no character (0x81, 0x8D, 0x8F, 0x90, 0x9D).
std::optional<std::size_t> FindInvalidWindows1252(std::string_view bytes);
// Bytes that FindInvalidWindows1252 passes, as UTF-8: at most three times as many.
std::string Windows1252ToUtf8(std::string_view bytes);
// UTF-16 from `source`, as UTF-8. Half a surrogate pair comes out as the three bytes that UTF-8
// forbids for it, and half a character at the end as 0xFF, so that who checks lines finds them.
std::unique_ptr<ByteSource> MakeUtf16Source(std::unique_ptr<ByteSource> source, bool big_end_first);

// `first`, then what is left of `source`.
std::unique_ptr<ByteSource> MakeResumedSource(std::string first,
                                              std::unique_ptr<ByteSource> source);

}  // namespace guichet
