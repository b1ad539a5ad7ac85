#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace guichet {

struct VocabularyOptions {
  // All pieces, special ones included.
  int size = 8000;
  // Share of the characters of the texts that get a piece of their own; the others are <unk>.
  double character_coverage = 0.9995;
  int threads = 2;
};

// Trains a sentencepiece model of BARThez's layout: BPE over nmt_nfkc text, <s> 0, <pad> 1, </s> 2,
// <unk> 3, <mask> last, pieces between by falling frequency. `next` hands over a text, valid UTF-8
// without line ends, at a time and nothing at the end. The same texts in the same order give the
// same bytes. Nothing on success, else why: too few texts for so many pieces, say. Knows no abseil,
// as sentencepiece's header brings an absl::string_view of its own.
std::optional<std::string> TrainVocabulary(const std::function<std::optional<std::string>()>& next,
                                           const VocabularyOptions& options, std::string& model);

}  // namespace guichet
