#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace guichet {

// Remembers the ids of words. Bounded: a part that is full is emptied, so that words that come
// often are soon back whatever a hostile text has put in. At most some 6 MB. What it holds are
// words of texts: it never leaves the process. Thread-safe.
class WordCache {
 public:
  // Longer words are rare and not remembered.
  static constexpr std::size_t kMaxWordBytes = 48;

  // Appends the ids of `word` and returns true when it is known.
  bool AppendIds(std::string_view word, std::vector<std::int32_t>& ids);
  void Remember(std::string_view word, std::span<const std::int32_t> ids);

 private:
  static constexpr std::size_t kShards = 16;
  static constexpr std::size_t kWordsPerShard = 1024;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const {
      return std::hash<std::string_view>{}(word);
    }
  };
  struct Shard {
    Mutex mutex;
    std::unordered_map<std::string, std::vector<std::int32_t>, Hash, std::equal_to<>> words
        GUICHET_GUARDED_BY(mutex);
  };

  Shard& ShardOf(std::string_view word) { return shards_[(Hash{}(word) >> 48U) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace guichet
