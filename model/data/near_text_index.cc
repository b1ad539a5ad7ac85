#include "model/data/near_text_index.h"

#include <algorithm>
#include <cstring>

#include "base/random.h"

namespace guichet {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFU;
constexpr std::size_t kFirstChains = 256;

std::uint64_t BandOf(const TextSketch& sketch, std::size_t band) {
  std::uint64_t value = 0;
  std::memcpy(&value, sketch.bytes.data() + 8 * band, 8);
  return value;
}

std::size_t ChainOf(std::uint64_t band, std::size_t chains) {
  return static_cast<std::size_t>(MixBits(band)) & (chains - 1);
}

}  // namespace

void NearTextIndex::Add(const TextSketch& sketch) {
  sketches_.push_back(sketch);
  next_.emplace_back();
  if (sketches_.size() > heads_.size()) {
    Grow();
  } else {
    Link(size() - 1);
  }
}

void NearTextIndex::Grow() {
  Links none;
  none.fill(kNone);
  heads_.assign(std::max(kFirstChains, 2 * heads_.size()), none);
  for (std::uint32_t number = 0; number < size(); ++number) Link(number);
}

void NearTextIndex::Link(std::uint32_t number) {
  for (std::size_t band = 0; band < kBands; ++band) {
    std::uint32_t& head = heads_[ChainOf(BandOf(sketches_[number], band), heads_.size())][band];
    next_[number][band] = head;
    head = number;
  }
}

template <typename Visit>
void NearTextIndex::Walk(const TextSketch& sketch, const Visit& visit) const {
  if (heads_.empty()) return;
  for (std::size_t band = 0; band < kBands; ++band) {
    const std::uint64_t value = BandOf(sketch, band);
    int compared = 0;
    for (std::uint32_t at = heads_[ChainOf(value, heads_.size())][band];
         at != kNone && compared < kMaxCompared; at = next_[at][band]) {
      if (BandOf(sketches_[at], band) != value) continue;
      ++compared;
      if (!visit(at)) return;
    }
  }
}

std::optional<std::uint32_t> NearTextIndex::Find(const TextSketch& sketch) const {
  std::optional<std::uint32_t> found;
  Walk(sketch, [&](std::uint32_t number) {
    if (AreNearDuplicates(sketch, sketches_[number])) found = number;
    return !found;
  });
  return found;
}

void NearTextIndex::ForEach(const TextSketch& sketch,
                            const std::function<bool(std::uint32_t)>& skip,
                            const std::function<void(std::uint32_t)>& take) const {
  Walk(sketch, [&](std::uint32_t number) {
    if (!skip(number) && AreNearDuplicates(sketch, sketches_[number])) take(number);
    return true;
  });
}

}  // namespace guichet
