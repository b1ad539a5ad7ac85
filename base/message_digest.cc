#include "base/message_digest.h"

#include <array>
#include <cstdlib>

#include <openssl/evp.h>

namespace guichet {

struct MessageDigest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

MessageDigest::MessageDigest(DigestKind kind) : state_(std::make_unique<State>()) {
  const EVP_MD* const digest = kind == DigestKind::kSha1 ? EVP_sha1() : EVP_sha256();
  if (EVP_DigestInit_ex(state_->context, digest, nullptr) != 1) std::abort();  // out of memory only
}

MessageDigest::MessageDigest(MessageDigest&& other) noexcept = default;
MessageDigest& MessageDigest::operator=(MessageDigest&& other) noexcept = default;
MessageDigest::~MessageDigest() = default;

void MessageDigest::Update(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

void MessageDigest::Update(std::string_view text) { Update(std::as_bytes(std::span(text))); }

std::string MessageDigest::HexDigest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &size);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * std::size_t{size});
  for (const unsigned char byte : std::span(digest).first(size)) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

}  // namespace guichet
