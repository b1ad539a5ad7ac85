#pragma once

#include <cstddef>

namespace guichet {

// Bytes handed out by operator new in this program, for tests of memory bounds.
struct AllocationCounter {
  static void Reset();         // the peak starts again at what is held now
  static size_t PeakGrowth();  // the highest total since Reset(), beyond what was held then
};

}  // namespace guichet
