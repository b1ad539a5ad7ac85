#pragma once

#include <string>
#include <vector>

#include "model/inference/text_generator.h"

namespace guichet {

// The text of a sequence as its tokens come. What Add returns, laid end to end, is the start of the
// text of all tokens. Used by one thread at a time.
class GrowingText {
 public:
  // Borrows the generator.
  explicit GrowingText(const TextGenerator& generator) : generator_(generator) {}

  // What the token adds: nothing for a special token, nor while a character is incomplete.
  std::string Add(TokenId id);

 private:
  const TextGenerator& generator_;
  std::vector<TokenId> ids_;
  std::string told_;
};

}  // namespace guichet
