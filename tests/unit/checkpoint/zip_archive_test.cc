#include "model/checkpoint/zip_archive.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace guichet {
namespace {

using ::testing::HasSubstr;

template <typename T>
std::string Number(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string U16(unsigned value) { return Number(static_cast<std::uint16_t>(value)); }
std::string U32(std::uint64_t value) { return Number(static_cast<std::uint32_t>(value)); }

struct TestEntry {
  std::string name;
  std::string data;
  std::uint64_t claimed_size = 0;    // 0: the true one
  std::int64_t claimed_offset = -1;  // -1: the true one
  unsigned flags = 0;
  unsigned method = 0;
  bool zip64 = false;  // sizes and offset in the extra field
};

// Builds a zip by hand, so that it can be wrong where a test wants it.
std::string MakeZip(const std::vector<TestEntry>& entries, bool zip64_end = false) {
  std::string file;
  std::string directory;
  for (const TestEntry& entry : entries) {
    const std::uint64_t size = entry.claimed_size != 0 ? entry.claimed_size : entry.data.size();
    const std::uint64_t offset =
        entry.claimed_offset >= 0 ? static_cast<std::uint64_t>(entry.claimed_offset) : file.size();
    const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(entry.data.data()),
                                static_cast<uInt>(entry.data.size()));
    const std::string common = U16(entry.flags) + U16(entry.method) + U32(0) + U32(checksum);
    const auto name_bytes = static_cast<unsigned>(entry.name.size());
    file += "PK\3\4" + U16(20) + common + U32(size) + U32(size) + U16(name_bytes) + U16(0) +
            entry.name + entry.data;
    const std::string extra =
        entry.zip64 ? U16(1) + U16(24) + Number(size) + Number(size) + Number(offset) : "";
    const std::uint64_t sentinel = 0xffffffff;
    directory += "PK\1\2" + U16(20) + U16(20) + common + U32(entry.zip64 ? sentinel : size) +
                 U32(entry.zip64 ? sentinel : size) + U16(name_bytes) +
                 U16(static_cast<unsigned>(extra.size())) + U16(0) + U16(0) + U16(0) + U32(0) +
                 U32(entry.zip64 ? sentinel : offset) + entry.name + extra;
  }
  const std::uint64_t start = file.size();
  const std::uint64_t count = entries.size();
  file += directory;
  if (zip64_end) {
    const std::uint64_t end = file.size();
    file += "PK\6\6" + Number(std::uint64_t{44}) + U16(45) + U16(45) + U32(0) + U32(0) +
            Number(count) + Number(count) + Number(std::uint64_t{directory.size()}) +
            Number(start) + "PK\6\7" + U32(0) + Number(end) + U32(1);
  }
  const unsigned plain_count = zip64_end ? 0xffff : static_cast<unsigned>(count);
  return file + "PK\5\6" + U16(0) + U16(0) + U16(plain_count) + U16(plain_count) +
         U32(directory.size()) + U32(start) + U16(0);
}

std::string ErrorOf(const std::string& file) {
  const auto entries = ReadStoredZip(std::as_bytes(std::span(file)));
  EXPECT_FALSE(entries.ok());
  return std::string(entries.status().message());
}

TEST(ZipArchiveTest, ReadsStoredEntriesAsViews) {
  for (const bool zip64 : {false, true}) {
    TestEntry first{"a/data.pkl", "hello"};
    first.zip64 = zip64;
    const std::string file = MakeZip({first, {"a/data/0", ""}}, zip64);
    const auto entries = ReadStoredZip(std::as_bytes(std::span(file)));
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), 2U);
    const auto data = entries->at("a/data.pkl");
    ASSERT_EQ(data.size(), 5U);
    EXPECT_EQ(static_cast<const void*>(data.data()), file.data() + file.find("hello"));
    EXPECT_TRUE(entries->at("a/data/0").empty());
  }
}

TEST(ZipArchiveTest, EntriesMayNotOverlap) {
  // The second header lies inside the data of the first: one byte would serve many entries.
  const std::string inner = MakeZip({{"a/b", "xyz"}});
  TestEntry second{"a/b", "xyz"};
  second.claimed_offset = 30 + 3;
  EXPECT_THAT(ErrorOf(MakeZip({{"a/o", inner}, second})), HasSubstr("overlaps another entry"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/b", "x"}, {"a/b", "x", 0, 0}})), HasSubstr("overlaps"));
}

TEST(ZipArchiveTest, ErrorsNameTheEntryAndTheRule) {
  EXPECT_THAT(ErrorOf(MakeZip({{"a/b", "x", 9999}})), HasSubstr("\"a/b\" is said to have 9999"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/b", "x", 0, -1, 1}})), HasSubstr("encrypted"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/b", "x", 0, -1, 0, 8}})), HasSubstr("is compressed"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/b", "x"}, {"a/b", "y"}})), HasSubstr("is there twice"));
  EXPECT_THAT(ErrorOf(MakeZip({{"a/b", "x", 0, 7}})), HasSubstr("not where the central"));
  for (const char* name : {"/a", "a/../b", "a//b", "./a", "a\\b", "a/"}) {
    EXPECT_THAT(ErrorOf(MakeZip({{name, "x"}})), HasSubstr("the name \""));
  }
  std::string damaged = MakeZip({{"a/b", "hello"}});
  damaged[damaged.find("hello")] = 'j';
  EXPECT_THAT(ErrorOf(damaged), HasSubstr("does not have its checksum"));
}

TEST(ZipArchiveTest, TheEndRecordsMustAgreeAndFit) {
  const std::string good = MakeZip({{"a/b", "hello"}}, /*zip64_end=*/true);
  EXPECT_THAT(ErrorOf(good.substr(0, good.size() - 1)), HasSubstr("end record is missing"));
  std::string other = good;
  other[other.size() - 6] = 1;  // the plain record's offset of the directory
  EXPECT_THAT(ErrorOf(other), HasSubstr("two end records disagree"));
  std::string lost = good;
  lost[lost.find("PK\6\6")] = 'Q';
  EXPECT_THAT(ErrorOf(lost), HasSubstr("zip64 end record is not where"));
  EXPECT_THAT(ErrorOf("junk" + good), HasSubstr("zip64 end record is not where"));
}

}  // namespace
}  // namespace guichet
