#include "model/pretraining/spoilt_texts.h"

#include "base/random.h"

namespace guichet {
namespace {

constexpr std::uint64_t kSpoilStream = 0x73706f696cULL;

}  // namespace

std::vector<TokenId> SpoiltTexts::Wrap(const std::vector<TokenId>& tokens) const {
  std::vector<TokenId> wrapped;
  wrapped.reserve(tokens.size() + 2);
  wrapped.push_back(ids_.begin);
  wrapped.insert(wrapped.end(), tokens.begin(), tokens.end());
  wrapped.push_back(ids_.end);
  return wrapped;
}

SequenceBatch SpoiltTexts::Make(TokenCorpus::Part part, std::span<const std::size_t> texts,
                                std::uint64_t epoch) const {
  std::vector<std::vector<TokenId>> sources;
  std::vector<std::vector<TokenId>> targets;
  for (const std::size_t number : texts) {
    const SentenceTokens text = corpus_.Text(part, number);
    const std::uint64_t place = MixBits(epoch) + static_cast<std::uint64_t>(number);
    Random random(MixBits(seed_ ^ kSpoilStream) ^ MixBits(place));
    sources.push_back(Wrap(Denoise(text, options_, random)));
    targets.push_back(Wrap(text.tokens));
  }
  const auto pad = [&](const std::vector<std::vector<TokenId>>& rows) {
    const std::vector<std::span<const TokenId>> views(rows.begin(), rows.end());
    return PadRows(views, ids_.padding);
  };
  return {.source = pad(sources), .target = pad(targets)};
}

}  // namespace guichet
