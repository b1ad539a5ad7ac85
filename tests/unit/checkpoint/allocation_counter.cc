#include "tests/unit/checkpoint/allocation_counter.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

// Every block is preceded by its size, in a header that keeps the alignment of malloc.
constexpr std::size_t kHeader = alignof(std::max_align_t);
std::atomic<std::size_t> held{0};
std::atomic<std::size_t> peak{0};
std::size_t held_at_reset = 0;

void* Allocate(std::size_t size) {
  void* block = std::malloc(size + kHeader);
  if (block == nullptr) throw std::bad_alloc();
  std::memcpy(block, &size, sizeof size);
  const std::size_t total = held.fetch_add(size) + size;
  std::size_t known = peak.load();
  while (known < total && !peak.compare_exchange_weak(known, total)) {
  }
  return static_cast<std::byte*>(block) + kHeader;
}

void Release(void* pointer) {
  if (pointer == nullptr) return;
  void* block = static_cast<std::byte*>(pointer) - kHeader;
  std::size_t size = 0;
  std::memcpy(&size, block, sizeof size);
  held.fetch_sub(size);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* pointer) noexcept { Release(pointer); }
void operator delete[](void* pointer) noexcept { Release(pointer); }
void operator delete(void* pointer, std::size_t /*size*/) noexcept { Release(pointer); }
void operator delete[](void* pointer, std::size_t /*size*/) noexcept { Release(pointer); }
// The nothrow and aligned forms of the library call the ones above or pair among themselves.

namespace guichet {

void AllocationCounter::Reset() {
  held_at_reset = held.load();
  peak.store(held_at_reset);
}

size_t AllocationCounter::PeakGrowth() { return peak.load() - held_at_reset; }

}  // namespace guichet
