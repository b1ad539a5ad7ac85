#include "model/hub/blob_writer.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/durable_file.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using testing::HasSubstr;

const HubFile kHello{.name = "hello.txt",
                     .bytes = 6,
                     .blob = "ce013625030ba8dba906f756967f9e9ca394464a"};  // "hello\n"

class BlobWriterTest : public testing::Test {
 protected:
  void Open() {
    auto writer = BlobWriter::Open(path_, kHello);
    ASSERT_TRUE(writer.ok()) << writer.status();
    writer_ = *std::move(writer);
  }
  void OpenHolding(const std::string& text) {
    std::ofstream(path_) << text;
    Open();
  }
  std::string Contents() const { return *ReadFile(path_, 100); }

  const TempFolder temp_;
  const std::filesystem::path path_ = temp_.path() / "x.incomplete";
  std::unique_ptr<BlobWriter> writer_;
};

TEST_F(BlobWriterTest, AWholeFileIsVerified) {
  Open();
  std::uint64_t told = 0;
  writer_->set_on_bytes([&](std::uint64_t done) { told = done; });
  ASSERT_TRUE(writer_->Begin({.code = 200, .headers = {{"content-length", "6"}}}).ok());
  ASSERT_TRUE(writer_->Take("hel").ok());
  EXPECT_EQ(writer_->Finish().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(writer_->Take("lo\n").ok());
  EXPECT_EQ(told, 6U);
  EXPECT_TRUE(writer_->Finish().ok());
  EXPECT_EQ(Contents(), "hello\n");
}

TEST_F(BlobWriterTest, ABeginningIsGoneOnWith) {
  OpenHolding("hell");
  EXPECT_EQ(writer_->done(), 4U);
  EXPECT_TRUE(writer_->resumed());
  ASSERT_TRUE(writer_->Begin({.code = 206, .headers = {{"content-range", "bytes 4-5/6"}}}).ok());
  ASSERT_TRUE(writer_->Take("o\n").ok());
  EXPECT_TRUE(writer_->Finish().ok());
  EXPECT_EQ(writer_->received(), 2U);
}

TEST_F(BlobWriterTest, AllOfItBeginsAnew) {
  OpenHolding("HELL");
  ASSERT_TRUE(writer_->Begin({.code = 200}).ok());
  EXPECT_EQ(writer_->done(), 0U);
  ASSERT_TRUE(writer_->Take("hello\n").ok());
  EXPECT_TRUE(writer_->Finish().ok());
}

TEST_F(BlobWriterTest, AWholeFileThatIsAnotherIsNotTaken) {
  OpenHolding("HELLO\n");
  const absl::Status status = writer_->Finish();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("hello.txt"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(kHello.blob));
  ASSERT_TRUE(writer_->Restart().ok());
  ASSERT_TRUE(writer_->Take("hello\n").ok());
  EXPECT_TRUE(writer_->Finish().ok());
}

TEST_F(BlobWriterTest, TooMuchIsNeverWritten) {
  OpenHolding("hello world\n");
  EXPECT_EQ(writer_->done(), 0U) << "longer than the file can be";
  EXPECT_EQ(writer_->Take("hello world\n").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Contents(), "");
}

TEST_F(BlobWriterTest, OnlyWhatWasAskedForBegins) {
  OpenHolding("hell");
  for (const char* range : {"", "bytes 3-5/6", "bytes 5-5/6", "bytes 4-5", "bytes -5/6", "4-5/6",
                            "bytes 99999999999999999999-5/6", "bytes 4-5/7"}) {
    EXPECT_EQ(writer_->Begin({.code = 206, .headers = {{"content-range", range}}}).code(),
              absl::StatusCode::kDataLoss)
        << range;
  }
  EXPECT_TRUE(writer_->Begin({.code = 206, .headers = {{"content-range", "bytes 4-5/*"}}}).ok());
  EXPECT_EQ(writer_->Begin({.code = 200, .headers = {{"content-length", "7"}}}).code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(writer_->Begin({.code = 204}).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(BlobWriterTest, ALinkInItsPlaceIsNotFollowed) {
  std::ofstream(temp_.path() / "precious") << "precious";
  std::filesystem::create_symlink("precious", path_);
  EXPECT_FALSE(BlobWriter::Open(path_, kHello).ok());
  EXPECT_EQ(*ReadFile(temp_.path() / "precious", 100), "precious");
}

}  // namespace
}  // namespace guichet
