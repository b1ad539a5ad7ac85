#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace guichet {

// SHA-1 is there for git's names of contents, which are checked and never made for secrecy.
enum class DigestKind { kSha1, kSha256 };

// Incremental message digest (FIPS 180-4). Not thread-safe.
class MessageDigest {
 public:
  explicit MessageDigest(DigestKind kind);
  MessageDigest(MessageDigest&& other) noexcept;
  MessageDigest& operator=(MessageDigest&& other) noexcept;
  ~MessageDigest();
  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text);
  // The digest as lower-case hexadecimal digits: 40 of SHA-1, 64 of SHA-256. Call once.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace guichet
