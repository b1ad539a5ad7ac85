#include "model/hub/blob_digest.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

std::string DigestOf(const std::string& text, const std::string& blob) {
  MessageDigest digest = BlobDigest({.name = "f", .bytes = text.size(), .blob = blob});
  digest.Update(text);
  return digest.HexDigest();
}

TEST(BlobDigestTest, SmallFilesAreNamedAsGitNamesThem) {
  // git hash-object of an empty file and of "hello\n".
  const std::string kind(40, '0');
  EXPECT_EQ(DigestOf("", kind), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(DigestOf("hello\n", kind), "ce013625030ba8dba906f756967f9e9ca394464a");
}

TEST(BlobDigestTest, LargeFilesAreNamedByTheirSha256) {
  EXPECT_EQ(DigestOf("abc", std::string(64, '0')),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(BlobDigestTest, AFileIsItsBlobBySizeAndDigest) {
  const TempFolder folder;
  const auto path = folder.path() / "f";
  HubFile hello{.name = "f", .bytes = 6, .blob = "ce013625030ba8dba906f756967f9e9ca394464a"};
  EXPECT_FALSE(*IsBlob(path, hello)) << "not there";
  std::ofstream(path) << "hello\n";
  EXPECT_TRUE(*IsBlob(path, hello));
  hello.bytes = 7;
  EXPECT_FALSE(*IsBlob(path, hello));
  hello.bytes = 6;
  std::ofstream(path) << "hellO\n";
  EXPECT_FALSE(*IsBlob(path, hello));
  EXPECT_FALSE(*IsBlob(folder.path(), hello)) << "a folder";
}

}  // namespace
}  // namespace guichet
