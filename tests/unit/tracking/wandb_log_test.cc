#include "model/tracking/wandb_log.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "model/tracking/append_file.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

std::string Contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// A reader written from the format's description alone, which trusts nothing: every rule that is
// broken is a failure.
std::vector<std::string> ReadLog(const std::string& file) {
  std::vector<std::string> records;
  EXPECT_EQ(file.substr(0, 7), ":W&B\xE1\xBE\0"s);
  std::size_t at = 7;
  bool open = false;
  while (at < file.size()) {
    const std::size_t left = 32768 - at % 32768;
    if (left < 7) {
      EXPECT_EQ(file.substr(at, left), std::string(left, '\0')) << "padding at " << at;
      at += left;
      continue;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(file.at(at + i)); };
    const unsigned long crc =
        byte(0) | byte(1) << 8 | byte(2) << 16 | static_cast<unsigned long>(byte(3)) << 24;
    const std::size_t length = byte(4) | static_cast<std::size_t>(byte(5)) << 8;
    const int type = byte(6);
    EXPECT_LE(length + 7, left) << "a chunk crosses its block at " << at;
    const std::string checked = file.substr(at + 6, length + 1);
    EXPECT_EQ(::crc32(0, reinterpret_cast<const Bytef*>(checked.data()),
                      static_cast<uInt>(checked.size())),
              crc)
        << at;
    const bool first = type == 1 || type == 2;
    EXPECT_NE(first, open) << "chunk of type " << type << " at " << at;
    if (first) records.emplace_back();
    records.back() += checked.substr(1);
    open = type == 2 || type == 3;
    at += 7 + length;
  }
  EXPECT_FALSE(open);
  return records;
}

// For the scope: no file of this process grows beyond so many bytes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uintmax_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

class WandbLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<WandbLog> Create() {
    auto log = WandbLog::Create(path_);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }
  // The records that Resume finds.
  std::vector<std::string> Resume(std::unique_ptr<WandbLog>* log = nullptr) {
    std::vector<std::string> records;
    auto resumed = WandbLog::Resume(path_, [&](std::string_view record) {
      records.emplace_back(record);
      return true;
    });
    EXPECT_TRUE(resumed.ok()) << resumed.status();
    if (log != nullptr && resumed.ok()) *log = *std::move(resumed);
    return records;
  }

  TempFolder folder_;
  const fs::path path_ = folder_.path() / "run-x.wandb";
};

TEST_F(WandbLogTest, GoldenBytes) {
  const auto log = Create();
  log->Append("abc");
  ASSERT_TRUE(log->Flush().ok());
  // crc32(b"\x01abc") is 0x539D20A9, computed with Python's zlib.
  EXPECT_EQ(Contents(path_), ":W&B\xE1\xBE\0"s + "\xa9\x20\x9d\x53"s + "\x03\0\x01"s + "abc");
}

// Whatever is left in a block, 0 to 40 bytes, the next record is found again.
TEST_F(WandbLogTest, RecordsAtBlockBorders) {
  for (std::size_t left = 0; left <= 40; ++left) {
    SCOPED_TRACE(left);
    const auto log = Create();
    const std::vector<std::string> records = {std::string(32768 - 7 - 7 - left, 'a'), "next",
                                              std::string(70'000, 'b'), "", "last"};
    for (const std::string& record : records) log->Append(record);
    ASSERT_TRUE(log->Flush().ok());
    const std::string file = Contents(path_);
    EXPECT_THAT(ReadLog(file), ElementsAreArray(records));
    EXPECT_THAT(Resume(), ElementsAreArray(records));
    if (left > 0 && left < 7) {
      EXPECT_EQ(file.substr(32768 - left, left), std::string(left, '\0'));
      EXPECT_EQ(file[32768 + 6], 1);  // FULL
    }
    if (left == 7) {
      EXPECT_EQ(file.substr(32768 - 3, 3), "\0\0\x02"s);  // an empty FIRST
      EXPECT_EQ(file[32768 + 6], 4);                      // LAST
    }
    fs::remove(path_);
  }
}

TEST_F(WandbLogTest, ATornEndIsCutOffAtEveryByteAndTheLogGoesOn) {
  {
    const auto log = Create();
    log->Append("first");
    log->Append(std::string(40'000, 'x'));  // three chunks
    ASSERT_TRUE(log->Flush().ok());
  }
  const std::string whole = Contents(path_);
  const std::size_t kept = 7 + 7 + 5;
  for (std::size_t size = kept; size < whole.size(); size += size < 100 ? 1 : 997) {
    SCOPED_TRACE(size);
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    std::unique_ptr<WandbLog> log;
    EXPECT_THAT(Resume(&log), ElementsAre("first"));
    EXPECT_EQ(fs::file_size(path_), kept);
    log->Append("second");
    ASSERT_TRUE(log->Flush().ok());
    EXPECT_THAT(ReadLog(Contents(path_)), ElementsAre("first", "second"));
  }
}

TEST_F(WandbLogTest, AFlippedBitEndsTheLogThere) {
  const auto log = Create();
  for (const char* record : {"one", "two", "three"}) log->Append(record);
  ASSERT_TRUE(log->Flush().ok());
  std::string file = Contents(path_);
  file[7 + 10 + 8] ^= 1;  // in "two"
  std::ofstream(path_, std::ios::binary | std::ios::trunc) << file;
  EXPECT_THAT(Resume(), ElementsAre("one"));
}

TEST_F(WandbLogTest, StopsWhereItsReaderSays) {
  const auto log = Create();
  for (const char* record : {"one", "two", "exit", "final"}) log->Append(record);
  ASSERT_TRUE(log->Flush().ok());
  ASSERT_TRUE(
      WandbLog::Resume(path_, [](std::string_view record) { return record != "exit"; }).ok());
  EXPECT_THAT(ReadLog(Contents(path_)), ElementsAre("one", "two"));
}

TEST_F(WandbLogTest, RefusesOtherFiles) {
  const auto nothing = [](std::string_view) { return true; };
  EXPECT_EQ(WandbLog::Resume(path_, nothing).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(path_) << "no log at all";
  EXPECT_EQ(WandbLog::Resume(path_, nothing).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(WandbLog::Create(path_).ok());  // it is there
}

// A limit on the size of files stands in for a disk that fills up: the write ends half way.
TEST_F(WandbLogTest, AWriteThatFailsHalfWayLeavesWholeRecords) {
  const auto log = Create();
  log->Append("one");
  ASSERT_TRUE(log->Flush().ok());
  const auto before = fs::file_size(path_);
  {
    const FileSizeLimit limit(before + 50);
    log->Append(std::string(1000, 'x'));
    const absl::Status status = log->Flush();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(path_.string()));
  }
  EXPECT_EQ(fs::file_size(path_), before);
  log->Append("two");
  ASSERT_TRUE(log->Sync().ok());
  EXPECT_THAT(ReadLog(Contents(path_)), ElementsAre("one", "two"));
}

TEST(AppendFileTest, AFullDiskIsAnErrorThatMayPass) {
  const auto file = OpenToAppend("/dev/full");
  ASSERT_TRUE(file.ok()) << file.status();
  std::int64_t size = 0;
  const absl::Status status = AppendWhole(*file, "bytes", size, "/dev/full");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(size, 0);
  ::close(*file);
}

}  // namespace
}  // namespace guichet
