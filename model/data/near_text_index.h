#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "model/data/text_sketch.h"

namespace guichet {

// Finds the near-duplicates of a text among many by their sketches. Two sketches that differ in at
// most six of 64 bytes agree in one whole band of seven of eight bytes each (the eighth band needs
// no table), so that no near-duplicate is missed unless a band holds more texts than are compared.
// 64 bytes for the sketch and 56 to 84 for the tables of each text. Not thread-safe.
class NearTextIndex {
 public:
  // Texts compared in each band, the ones added last: bounds the time that look-alikes take.
  static constexpr int kMaxCompared = 1000;

  // Texts are numbered from 0 in the order in which they are added.
  void Add(const TextSketch& sketch);
  std::uint32_t size() const { return static_cast<std::uint32_t>(sketches_.size()); }

  // Any near-duplicate of `sketch`.
  std::optional<std::uint32_t> Find(const TextSketch& sketch) const;

  // Calls `take` with near-duplicates of `sketch`, each perhaps several times. Those of which
  // `skip` is true are passed over without being compared.
  void ForEach(const TextSketch& sketch, const std::function<bool(std::uint32_t)>& skip,
               const std::function<void(std::uint32_t)>& take) const;

 private:
  static constexpr std::size_t kBands = 7;
  using Links = std::array<std::uint32_t, kBands>;

  void Grow();
  void Link(std::uint32_t number);
  // Walks the texts of equal bands until `visit` returns false.
  template <typename Visit>
  void Walk(const TextSketch& sketch, const Visit& visit) const;

  std::vector<TextSketch> sketches_;
  std::vector<Links> next_;   // of each text: the one before it in each band's chain
  std::vector<Links> heads_;  // a power of two of chains
};

}  // namespace guichet
