#include "base/message_digest.h"

#include <gtest/gtest.h>

#include "base/sha256.h"

namespace guichet {
namespace {

std::string Digest(DigestKind kind, std::string_view text) {
  MessageDigest digest(kind);
  digest.Update(text.substr(0, text.size() / 2));
  digest.Update(text.substr(text.size() / 2));
  return digest.HexDigest();
}

TEST(MessageDigestTest, AgreesWithTheStandardsExamples) {  // FIPS 180-4, appendix: "abc"
  EXPECT_EQ(Digest(DigestKind::kSha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Digest(DigestKind::kSha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Digest(DigestKind::kSha256, "abc"), Sha256Hex("abc"));
}

TEST(MessageDigestTest, NothingHasADigestToo) {
  EXPECT_EQ(Digest(DigestKind::kSha1, ""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

}  // namespace
}  // namespace guichet
