#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/sentencepiece_model.h"
#include "tests/fuzz/tokenizer/check_tokenizer.h"

// A model file of any bytes is refused, or splits and joins texts without harm.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string error;
  const auto model = guichet::SentencePieceModel::Parse(
      {reinterpret_cast<const char*>(data), size}, {.whole_bytes = 16, .part_bytes = 8}, error);
  guichet::Require((model == nullptr) == !error.empty(), "a refusal has a reason");
  if (model == nullptr) return 0;
  for (const std::string_view text :
       {"", "a b  ab", "Bonjour, l'été \xE2\x96\x81 ab xx\xC2\xA0x yz"}) {
    std::vector<std::int32_t> ids;
    if (model->AppendIds(text, ids).has_value()) continue;
    for (const std::int32_t id : ids) {
      guichet::Require(id >= 0 && id < model->size(), "ids are the vocabulary's");
    }
    std::string joined;
    (void)model->Decode(ids, joined);
  }
  return 0;
}
