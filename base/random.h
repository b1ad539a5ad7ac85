#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace guichet {

// One step of splitmix64 (Steele, Lea, Flood 2014): a good mixer of 64 bits, also used to derive
// independent seeds from a seed and a counter.
constexpr std::uint64_t MixBits(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

// Repeatable random numbers: xoshiro256** (Blackman, Vigna 2018) seeded by splitmix64. The same
// seed gives the same numbers on every platform and compiler, which std::*_distribution does not
// promise. Not for secrets; one object belongs to one thread.
class Random {
 public:
  using State = std::array<std::uint64_t, 4>;

  explicit constexpr Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      word = MixBits(seed);
      seed += 0x9E3779B97F4A7C15ULL;
    }
  }

  // Goes on where another object was when it gave its state.
  explicit constexpr Random(const State& state) : state_(state) {}
  constexpr const State& state() const { return state_; }

  // Any 64 bits.
  constexpr std::uint64_t Next() {
    const std::uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = RotateLeft(state_[3], 45);
    return result;
  }

  // Uniform in [0, bound), without bias; 0 when bound is 0.
  constexpr std::uint64_t Below(std::uint64_t bound) {
    if (bound == 0) return 0;
    const std::uint64_t rejected = (~bound + 1) % bound;  // 2^64 mod bound
    std::uint64_t value = Next();
    while (value < rejected) value = Next();
    return value % bound;
  }

  // Uniform in [0, 1), with 53 random bits.
  constexpr double Uniform() { return static_cast<double>(Next() >> 11U) * 0x1.0p-53; }

  // True with the given probability.
  constexpr bool Chance(double probability) { return Uniform() < probability; }

  // Fisher–Yates.
  template <typename T>
  constexpr void Shuffle(std::span<T> items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[static_cast<std::size_t>(Below(left))]);
    }
  }

 private:
  static constexpr std::uint64_t RotateLeft(std::uint64_t value, unsigned bits) {
    return (value << bits) | (value >> (64U - bits));
  }

  State state_ = {};
};

}  // namespace guichet
