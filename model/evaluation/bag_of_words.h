#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

struct BagOfWordsOptions {
  int max_words = 2;             // longest run of words taken as one feature; in [1, 3]
  int min_documents = 2;         // features of fewer texts are dropped; at least 1
  bool sublinear_counts = true;  // 1 + ln(count) in place of the count
  double cost = 1.0;             // C of the linear support vector machine; above 0
  int max_epochs = 100;          // passes over the texts, per label; at least 1
  double tolerance = 0.01;       // stop when no dual gradient is larger; above 0
  std::uint64_t seed = 1;        // order of the texts within a pass

  absl::Status Validate() const;
};

// The honest baseline beside a neural classifier: TF-IDF of words and word pairs, one linear
// support vector machine (squared hinge) per label, trained by dual coordinate descent (Hsieh et
// al., ICML 2008); what scikit-learn's TfidfVectorizer and LinearSVC do, to the solver's tolerance.
// Immutable after training: safe to share between threads. The same input gives the same model.
class BagOfWordsClassifier {
 public:
  // One label index in [0, label_count) for each text. INVALID_ARGUMENT when the sizes differ, a
  // label is out of range, or no text holds a word.
  static absl::StatusOr<BagOfWordsClassifier> Train(std::span<const std::string> texts,
                                                    std::span<const int> labels, int label_count,
                                                    const BagOfWordsOptions& options);

  // Decision values, one for each label; not probabilities.
  std::vector<double> Scores(std::string_view text) const;
  // The label with the highest score, the first of equals.
  int Predict(std::string_view text) const;

  size_t feature_count() const { return inverse_frequencies_.size(); }

 private:
  // Weighted features of one text, by rising feature index, of length 1 (or empty).
  using SparseVector = std::vector<std::pair<std::int32_t, double>>;

  BagOfWordsClassifier(const BagOfWordsOptions& options, int label_count)
      : options_(options), label_count_(label_count) {}

  void BuildVocabulary(std::span<const std::string> texts);
  SparseVector Vectorize(std::string_view text) const;
  void TrainLabel(std::span<const SparseVector> rows, std::span<const int> labels, int label);

  BagOfWordsOptions options_;
  int label_count_;
  absl::flat_hash_map<std::string, std::int32_t> vocabulary_;
  std::vector<double> inverse_frequencies_;
  std::vector<float> weights_;  // [feature][label]
  std::vector<double> biases_;  // [label]
};

// Lower-cased words of two or more letters, digits or underscores (scikit-learn's \b\w\w+\b).
// Invalid UTF-8 separates words.
std::vector<std::string> BaselineWords(std::string_view text);

}  // namespace guichet
