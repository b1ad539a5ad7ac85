#include <memory>

#include "tests/fuzz/tokenizer/check_tokenizer.h"
#include "tests/support/gzip_file.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

namespace {

std::unique_ptr<const guichet::Tokenizer> LoadBart() {
  const guichet::TempFolder folder;
  guichet::UnpackGzip(guichet::TestData("tokenizer/bart_vocab.json.gz"),
                      folder.path() / "vocab.json");
  guichet::UnpackGzip(guichet::TestData("tokenizer/bart_merges.txt.gz"),
                      folder.path() / "merges.txt");
  return guichet::LoadTokenizer(folder.path()).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto tokenizer = LoadBart();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  guichet::CheckTokenizer(*tokenizer, text);
  const auto encoding = tokenizer->Encode(text, {.parse_special_tokens = false});
  if (encoding.ok()) {
    guichet::Require(tokenizer->Decode(encoding->ids, {}).value() == text, "bytes survive");
  }
  return 0;
}
