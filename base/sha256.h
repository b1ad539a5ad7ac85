#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/message_digest.h"

namespace guichet {

// Incremental SHA-256; 64 digits. Not thread-safe.
class Sha256 : public MessageDigest {
 public:
  Sha256() : MessageDigest(DigestKind::kSha256) {}
};

std::string Sha256Hex(std::span<const std::byte> bytes);
std::string Sha256Hex(std::string_view text);

}  // namespace guichet
