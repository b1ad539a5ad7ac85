#include "model/text/vocabulary_trainer.h"

#include <exception>
#include <unordered_map>
#include <utility>

#include <sentencepiece_trainer.h>

namespace guichet {
namespace {

class Texts final : public sentencepiece::SentenceIterator {
 public:
  explicit Texts(const std::function<std::optional<std::string>()>& next) : next_(next) {
    text_ = next_();
  }
  bool done() const override { return !text_.has_value(); }
  void Next() override { text_ = next_(); }
  const std::string& value() const override { return *text_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::function<std::optional<std::string>()>& next_;
  std::optional<std::string> text_;
};

// <mask> as BARThez's file has it: after all other pieces, of type NORMAL, with score 0. A
// ModelProto behind another one adds its pieces: `pieces` (field 1) with piece (1), score (2) and
// type (3).
std::string MaskPiece() {
  std::string piece("\x0a\x06<mask>\x15\x00\x00\x00\x00\x18\x01", 15);
  return std::string("\x0a\x0f", 2) + piece;
}

}  // namespace

std::optional<std::string> TrainVocabulary(const std::function<std::optional<std::string>()>& next,
                                           const VocabularyOptions& options, std::string& model) {
  const std::unordered_map<std::string, std::string> arguments = {
      {"model_type", "bpe"},
      {"model_prefix", ""},
      {"vocab_size", std::to_string(options.size - 1)},
      {"character_coverage", std::to_string(options.character_coverage)},
      {"num_threads", std::to_string(options.threads)},
      {"normalization_rule_name", "nmt_nfkc"},
      {"bos_id", "0"},
      {"pad_id", "1"},
      {"eos_id", "2"},
      {"unk_id", "3"},
      {"bos_piece", "<s>"},
      {"pad_piece", "<pad>"},
      {"eos_piece", "</s>"},
      {"unk_piece", "<unk>"},
      {"minloglevel", "1"},
  };
  try {
    Texts texts(next);
    const auto status = sentencepiece::SentencePieceTrainer::Train(arguments, &texts, &model);
    if (!status.ok()) return status.ToString();
  } catch (const std::exception& error) {
    return error.what();
  }
  model += MaskPiece();
  return std::nullopt;
}

}  // namespace guichet
