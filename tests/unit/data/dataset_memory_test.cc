#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>
#include <malloc.h>

#include "model/data/dataset_report.h"

// The bytes that the whole program holds on its heap, and the most it ever held: a report that kept
// something of every row would show.

namespace {

std::size_t held = 0;  // this program has one thread
std::size_t most_held = 0;

void* Count(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  held += malloc_usable_size(memory);
  most_held = std::max(most_held, held);
  return memory;
}

void Release(void* memory) {
  held -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return Count(std::malloc(size)); }
void* operator new[](std::size_t size) { return Count(std::malloc(size)); }
void operator delete(void* memory) noexcept { Release(memory); }
void operator delete[](void* memory) noexcept { Release(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { Release(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { Release(memory); }

namespace guichet {
namespace {

// A CSV file of many rows that is never anywhere as a whole. All texts differ, in few words.
class EndlessRows : public ByteSource {
 public:
  explicit EndlessRows(std::int64_t rows) : rows_(rows), ready_("id;body;label\n") {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    while (given_ == ready_.size() && row_ < rows_) {
      ready_ = std::to_string(row_) + ";la machine " + std::to_string(row_ * 7919) +
               " ne démarre plus, ticket " + std::to_string(row_) + " de a@b.fr;équipe " +
               std::to_string(row_ % 7) + "\n";
      ++row_;
      given_ = 0;
    }
    const std::size_t count = std::min(buffer.size(), ready_.size() - given_);
    std::copy_n(ready_.data() + given_, count, buffer.data());
    given_ += count;
    return count;
  }

 private:
  const std::int64_t rows_;
  std::int64_t row_ = 0;
  std::string ready_;
  std::size_t given_ = 0;
};

// Bytes that a report on so many rows holds at most, beyond what was there before.
std::size_t HeldFor(std::int64_t rows, const DuplicateLimits& limits) {
  const std::size_t before = held;
  most_held = held;
  TicketReaderOptions reading;
  reading.format = TicketFormat::kCsv;
  auto reader = OpenTicketReader(std::make_unique<EndlessRows>(rows), "rows", reading);
  DatasetReportOptions options;
  options.duplicates = limits;
  const auto report = ReportDataset(**reader, options);
  EXPECT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rows, rows);
  EXPECT_EQ(report->labels.size(), 7U);
  return most_held - before;
}

TEST(DatasetMemoryTest, AReportHoldsNoMoreForTenTimesTheRows) {
  const DuplicateLimits limits = {.max_texts = 1000, .max_near_texts = 1000};
  HeldFor(2000, limits);  // what libraries keep for ever is there now
  const std::size_t few = HeldFor(3000, limits);
  const std::size_t many = HeldFor(30'000, limits);
  // A byte for each of the 27,000 more rows would be seen.
  EXPECT_LT(many, few + 16'384) << few << " bytes for 3,000 rows";
}

TEST(DatasetMemoryTest, TextsToCompareWithHaveTheirPrice) {
  const DuplicateLimits without = {.max_texts = 0, .max_near_texts = 0};
  const std::size_t base = HeldFor(20'000, without);
  const std::size_t texts = HeldFor(20'000, {.max_texts = 20'000, .max_near_texts = 0}) - base;
  const std::size_t near = HeldFor(20'000, {.max_texts = 0, .max_near_texts = 20'000}) - base;
  // As DuplicateLimits says, with the old tables while they grow.
  EXPECT_LT(texts, 20'000U * 100);
  EXPECT_LT(near, 20'000U * 300);
  EXPECT_GT(near, 20'000U * 64);
}

}  // namespace
}  // namespace guichet
