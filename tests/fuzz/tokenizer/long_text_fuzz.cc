#include <fstream>
#include <iterator>
#include <memory>

#include "model/text/built_in_tokenizer.h"
#include "model/text/sentencepiece_model.h"
#include "tests/fuzz/tokenizer/check_tokenizer.h"

namespace {

std::unique_ptr<const guichet::SentencePieceModel> Parse(const guichet::LongTextLimits& limits) {
  std::ifstream file(guichet::BuiltInFolder("barthez").value() / "sentencepiece.bpe.model",
                     std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::string error;
  return guichet::SentencePieceModel::Parse(bytes, limits, error);
}

}  // namespace

// A text encoded in tiny parts or word by word and the same text encoded whole have the same
// pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto whole = Parse({.whole_bytes = SIZE_MAX});
  static const auto parts = Parse({.whole_bytes = 0, .part_bytes = 6, .unknown_run = 1});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (guichet::FindInvalidUtf8(text).has_value()) return 0;
  std::vector<std::string> expected;
  std::vector<std::string> pieces;
  guichet::Require(!whole->AppendPieces(text, expected).has_value(), "valid UTF-8 is encoded");
  guichet::Require(!parts->AppendPieces(text, pieces).has_value(), "so it is in parts");
  guichet::Require(pieces == expected, "parts give the whole");
  // Twice: the second time words are remembered.
  std::vector<std::int32_t> expected_ids;
  for (const std::string& piece : expected) {
    expected_ids.push_back(whole->Find(piece).value_or(whole->unknown_id()));
  }
  for (int i = 0; i < 2; ++i) {
    std::vector<std::int32_t> ids;
    guichet::Require(!whole->AppendIds(text, ids).has_value(), "so it is word by word");
    guichet::Require(ids == expected_ids, "words give the whole");
  }
  return 0;
}
