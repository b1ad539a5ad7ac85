#include <memory>

#include "model/text/built_in_tokenizer.h"
#include "tests/fuzz/tokenizer/check_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto tokenizer =
      guichet::LoadTokenizer(guichet::BuiltInFolder("barthez").value()).value();
  guichet::CheckTokenizer(*tokenizer, {reinterpret_cast<const char*>(data), size});
  return 0;
}
