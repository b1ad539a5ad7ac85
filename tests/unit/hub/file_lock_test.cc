#include "model/hub/file_lock.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;

TEST(FileLockTest, OneHoldsItAtATime) {
  const TempFolder folder;
  const auto path = folder.path() / "x.lock";
  auto first = FileLock::Take(path, milliseconds(0), nullptr, nullptr);
  ASSERT_TRUE(first.ok()) << first.status();
  int waited = 0;
  const auto second = FileLock::Take(path, milliseconds(0), nullptr, [&] { ++waited; });
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr("x.lock"));
  EXPECT_EQ(waited, 1);
  std::optional<FileLock>(*std::move(first)).reset();
  EXPECT_TRUE(FileLock::Take(path, milliseconds(0), nullptr, nullptr).ok());
}

TEST(FileLockTest, WaitingCanBeCalledOff) {
  const TempFolder folder;
  const auto path = folder.path() / "x.lock";
  const auto first = FileLock::Take(path, milliseconds(0), nullptr, nullptr);
  const auto second = FileLock::Take(path, std::chrono::hours(1), [] { return true; }, nullptr);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kCancelled);
}

TEST(FileLockTest, ANameThatWasTakenAwayIsTakenAnew) {
  const TempFolder folder;
  const auto path = folder.path() / "x.lock";
  const auto first = FileLock::Take(path, milliseconds(0), nullptr, nullptr);
  std::filesystem::remove(path);
  EXPECT_TRUE(FileLock::Take(path, milliseconds(0), nullptr, nullptr).ok());
}

TEST(FileLockTest, WhereItCannotBeIsNamed) {
  const auto lock = FileLock::Take("/nowhere/x.lock", milliseconds(0), nullptr, nullptr);
  EXPECT_THAT(std::string(lock.status().message()), testing::HasSubstr("/nowhere/x.lock"));
}

}  // namespace
}  // namespace guichet
