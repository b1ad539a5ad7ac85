#include "model/inference/small_attention.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/every_cpu.h"

namespace guichet {
namespace {

constexpr std::int64_t kPaddedKeys = (kSmallAttentionKeys + 15) / 16 * 16;  // whole vectors

// Queries that are worked on together: as many as have their sums in registers.
constexpr std::int64_t kBlock = 6;
constexpr float kUnseen = -1e30F;  // a score whose exponential no sum sees

struct Workspace {
  alignas(64) std::array<float, kSmallAttentionWidth * kPaddedKeys> keys;  // [width][padded keys]
  alignas(64) std::array<float, kBlock * kPaddedKeys> scores;              // [block][padded keys]
  alignas(64) std::array<float, kSmallAttentionWidth> sum;
};

// Keys transposed to [width][padded], so that the loops over keys below read memory in order.
GUICHET_INLINE void TransposeKeys(const SmallAttentionArguments& a, std::int64_t padded,
                                  float* keys) {
  for (std::int64_t k = 0; k < a.width; ++k) {
    float* row = keys + k * padded;
    for (std::int64_t j = 0; j < a.key_length; ++j) row[j] = a.key[j * a.key_stride + k];
    for (std::int64_t j = a.key_length; j < padded; ++j) row[j] = 0.0F;
  }
}

// scores[q][j] = scale · query_q·key_j for the keys up to `span` and `kBlock` queries at once: each
// key is read once for all of them, and the sums stay in registers.
GUICHET_INLINE void Score(const SmallAttentionArguments& a, const float* const* queries,
                          const float* keys, std::int64_t padded, std::int64_t span,
                          float* scores) {
  for (std::int64_t j = 0; j < span; j += kLanes) {
    Lanes sums[kBlock] = {};
    for (std::int64_t k = 0; k < a.width; ++k) {
      Lanes row;
      std::memcpy(&row, keys + k * padded + j, sizeof(row));
      for (std::int64_t q = 0; q < kBlock; ++q) sums[q] += queries[q][k] * row;
    }
    for (std::int64_t q = 0; q < kBlock; ++q) {
      sums[q] *= a.scale;
      std::memcpy(scores + q * kPaddedKeys + j, &sums[q], sizeof(Lanes));
    }
  }
}

// output = sum of weight_j · value_j / total for one query, of whatever width.
GUICHET_INLINE void Mix(const SmallAttentionArguments& a, const float* weights,
                        std::int64_t visible, float total, float* sum, float* output) {
  for (std::int64_t k = 0; k < a.width; ++k) sum[k] = 0.0F;
  for (std::int64_t j = 0; j < visible; ++j) {
    for (std::int64_t k = 0; k < a.width; ++k) {
      sum[k] += weights[j] * a.value[j * a.value_stride + k];
    }
  }
  for (std::int64_t k = 0; k < a.width; ++k) output[k] = sum[k] / total;
}

// The same for the first `count` of `kBlock` queries at once; the width is whole vectors.
GUICHET_INLINE void MixBlock(const SmallAttentionArguments& a, const float* weights,
                             std::int64_t visible, const float* totals, std::int64_t count,
                             float* output) {
  for (std::int64_t k = 0; k < a.width; k += kLanes) {
    Lanes sums[kBlock] = {};
    for (std::int64_t j = 0; j < visible; ++j) {
      Lanes value;
      std::memcpy(&value, a.value + j * a.value_stride + k, sizeof(value));
      for (std::int64_t q = 0; q < kBlock; ++q) sums[q] += weights[q * kPaddedKeys + j] * value;
    }
    for (std::int64_t q = 0; q < count; ++q) {
      sums[q] /= totals[q];
      std::memcpy(output + q * a.output_stride + k, &sums[q], sizeof(Lanes));
    }
  }
}

GUICHET_EVERY_CPU void Attend(const SmallAttentionArguments& a, Workspace& work) {
  const std::int64_t padded = (a.key_length + kLanes - 1) / kLanes * kLanes;
  const float* keys = work.keys.data();
  float* scores = work.scores.data();
  TransposeKeys(a, padded, work.keys.data());
  for (std::int64_t i = 0; i < a.query_length; i += kBlock) {
    const std::int64_t count = std::min(kBlock, a.query_length - i);
    // What the last query of the block sees; a last block that is not full repeats its last query.
    const std::int64_t block_visible = a.causal ? i + count : a.key_length;
    const std::int64_t span = (block_visible + kLanes - 1) / kLanes * kLanes;
    const float* queries[kBlock];
    for (std::int64_t q = 0; q < kBlock; ++q) {
      queries[q] = a.query + (i + std::min(q, count - 1)) * a.query_stride;
    }
    Score(a, queries, keys, padded, span, scores);
    float totals[kBlock];
    for (std::int64_t q = 0; q < kBlock; ++q) {
      const std::int64_t visible = a.causal ? std::min(i + q + 1, block_visible) : a.key_length;
      float* row = scores + q * kPaddedKeys;
      for (std::int64_t j = visible; j < span; ++j) row[j] = kUnseen;
      totals[q] = Exponentiate(span, row);
    }
    float* output = a.output + i * a.output_stride;
    if (a.width % kLanes == 0) {
      MixBlock(a, scores, block_visible, totals, count, output);
    } else {
      for (std::int64_t q = 0; q < count; ++q) {
        Mix(a, scores + q * kPaddedKeys, a.causal ? i + q + 1 : a.key_length, totals[q],
            work.sum.data(), output + q * a.output_stride);
      }
    }
  }
}

}  // namespace

void SmallAttention(const SmallAttentionArguments& arguments) {
  // On the heap: as a thread-local object its 100 kB would be taken from the stack of every thread
  // of the process, and libraries that start threads with small stacks could no longer do so.
  thread_local const auto work = std::make_unique<Workspace>();
  Attend(arguments, *work);
}

}  // namespace guichet
