#include "model/text/word_cache.h"

namespace guichet {

bool WordCache::AppendIds(std::string_view word, std::vector<std::int32_t>& ids) {
  if (word.size() > kMaxWordBytes) return false;
  Shard& shard = ShardOf(word);
  const MutexLock lock(shard.mutex);
  const auto known = shard.words.find(word);
  if (known == shard.words.end()) return false;
  ids.insert(ids.end(), known->second.begin(), known->second.end());
  return true;
}

void WordCache::Remember(std::string_view word, std::span<const std::int32_t> ids) {
  if (word.size() > kMaxWordBytes) return;
  Shard& shard = ShardOf(word);
  const MutexLock lock(shard.mutex);
  if (shard.words.size() >= kWordsPerShard) shard.words.clear();
  shard.words.try_emplace(std::string(word), ids.begin(), ids.end());
}

}  // namespace guichet
