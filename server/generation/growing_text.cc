#include "server/generation/growing_text.h"

#include <string_view>

namespace guichet {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";  // for the bytes of an incomplete character

}  // namespace

std::string GrowingText::Add(TokenId id) {
  ids_.push_back(id);
  const auto decoded = generator_.Decode(ids_);
  if (!decoded.ok()) return {};
  std::string_view text = *decoded;
  while (text.ends_with(kReplacement)) text.remove_suffix(kReplacement.size());
  if (!text.starts_with(told_)) return {};
  std::string added(text.substr(told_.size()));
  told_ = text;
  return added;
}

}  // namespace guichet
