#include "model/evaluation/bag_of_words.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "base/random.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

bool IsWordCharacter(UChar32 c) {
  return c == '_' || u_isalnum(c) || (U_GET_GC_MASK(c) & (U_GC_NL_MASK | U_GC_NO_MASK)) != 0;
}

// Calls visit(feature) for every run of 1 to max_words words.
template <typename Visitor>
void ForEachFeature(std::string_view text, int max_words, Visitor visit) {
  const std::vector<std::string> words = BaselineWords(text);
  for (size_t begin = 0; begin < words.size(); ++begin) {
    std::string feature;
    const size_t end = std::min(words.size(), begin + static_cast<size_t>(max_words));
    for (size_t i = begin; i < end; ++i) {
      if (i > begin) feature += ' ';
      feature += words[i];
      visit(feature);
    }
  }
}

absl::Status CheckLabels(std::span<const std::string> texts, std::span<const int> labels,
                         int label_count) {
  if (texts.size() != labels.size() || texts.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("a baseline needs one label for each text and at least one text; got {} texts "
                    "and {} labels",
                    texts.size(), labels.size()));
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= label_count) {
      return absl::InvalidArgumentError(
          fmt::format("label {} of text {} is not in [0, {})", labels[i], i, label_count));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BagOfWordsOptions::Validate() const {
  if (max_words < 1 || max_words > 3) {
    return absl::InvalidArgumentError(
        fmt::format("max_words must be in [1, 3], not {}", max_words));
  }
  if (min_documents < 1) {
    return absl::InvalidArgumentError(
        fmt::format("min_documents must be at least 1, not {}", min_documents));
  }
  if (max_epochs < 1) {
    return absl::InvalidArgumentError(
        fmt::format("max_epochs must be at least 1, not {}", max_epochs));
  }
  if (!(cost > 0) || !(tolerance > 0)) {
    return absl::InvalidArgumentError(
        fmt::format("cost and tolerance must be above 0, not {} and {}", cost, tolerance));
  }
  return absl::OkStatus();
}

std::vector<std::string> BaselineWords(std::string_view text) {
  std::vector<std::string> words;
  icu::UnicodeString word;
  const auto finish = [&] {
    if (word.countChar32() >= 2) word.toUTF8String(words.emplace_back());
    word.remove();
  };
  // Invalid bytes become U+FFFD, which is no letter.
  const icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  for (std::int32_t i = 0; i < unicode.length(); i = unicode.moveIndex32(i, 1)) {
    const UChar32 c = unicode.char32At(i);
    if (IsWordCharacter(c)) {
      word.append(u_tolower(c));
    } else {
      finish();
    }
  }
  finish();
  return words;
}

absl::StatusOr<BagOfWordsClassifier> BagOfWordsClassifier::Train(std::span<const std::string> texts,
                                                                 std::span<const int> labels,
                                                                 int label_count,
                                                                 const BagOfWordsOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  GUICHET_RETURN_IF_ERROR(CheckLabels(texts, labels, label_count));
  BagOfWordsClassifier classifier(options, label_count);
  classifier.BuildVocabulary(texts);
  if (classifier.vocabulary_.empty()) {
    return absl::InvalidArgumentError(fmt::format("no feature occurs in {} or more of the {} texts",
                                                  options.min_documents, texts.size()));
  }
  std::vector<SparseVector> rows;
  rows.reserve(texts.size());
  for (const std::string& text : texts) rows.push_back(classifier.Vectorize(text));
  classifier.weights_.resize(classifier.feature_count() * static_cast<size_t>(label_count));
  classifier.biases_.resize(static_cast<size_t>(label_count));
  for (int label = 0; label < label_count; ++label) classifier.TrainLabel(rows, labels, label);
  return classifier;
}

void BagOfWordsClassifier::BuildVocabulary(std::span<const std::string> texts) {
  struct Count {
    std::int32_t documents = 0;
    std::int32_t first_seen = 0;
    size_t last_text = 0;
  };
  absl::flat_hash_map<std::string, Count> counts;
  for (size_t i = 0; i < texts.size(); ++i) {
    ForEachFeature(texts[i], options_.max_words, [&](const std::string& feature) {
      const auto next = static_cast<std::int32_t>(counts.size());
      Count& count = counts.try_emplace(feature, Count{0, next, 0}).first->second;
      if (count.last_text == i + 1) return;
      count.last_text = i + 1;
      ++count.documents;
    });
  }
  std::vector<std::pair<std::int32_t, const std::string*>> kept;  // in order of first appearance
  for (const auto& [feature, count] : counts) {
    if (count.documents >= options_.min_documents) kept.emplace_back(count.first_seen, &feature);
  }
  std::sort(kept.begin(), kept.end());
  const auto total = static_cast<double>(texts.size());
  for (const auto& [unused, feature] : kept) {
    const double documents = counts.at(*feature).documents;
    inverse_frequencies_.push_back(std::log((1 + total) / (1 + documents)) + 1);
    vocabulary_.emplace(*feature, static_cast<std::int32_t>(vocabulary_.size()));
  }
}

BagOfWordsClassifier::SparseVector BagOfWordsClassifier::Vectorize(std::string_view text) const {
  std::vector<std::int32_t> found;
  ForEachFeature(text, options_.max_words, [&](const std::string& feature) {
    const auto known = vocabulary_.find(feature);
    if (known != vocabulary_.end()) found.push_back(known->second);
  });
  std::sort(found.begin(), found.end());
  SparseVector vector;
  double squares = 0;
  for (size_t i = 0; i < found.size();) {
    size_t end = i;
    while (end < found.size() && found[end] == found[i]) ++end;
    const auto count = static_cast<double>(end - i);
    const double frequency = options_.sublinear_counts ? 1 + std::log(count) : count;
    const double value = frequency * inverse_frequencies_[static_cast<size_t>(found[i])];
    vector.emplace_back(found[i], value);
    squares += value * value;
    i = end;
  }
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (auto& [feature, value] : vector) value *= scale;
  return vector;
}

// Dual of ½‖w‖² + C·Σ max(0, 1 − y·(w·x + b))², b being the weight of a constant feature 1.
void BagOfWordsClassifier::TrainLabel(std::span<const SparseVector> rows,
                                      std::span<const int> labels, int label) {
  const double diagonal = 0.5 / options_.cost;
  std::vector<double> weights(feature_count());
  double bias = 0;
  std::vector<double> alphas(rows.size());
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(MixBits(options_.seed) + static_cast<std::uint64_t>(label));
  for (int epoch = 0; epoch < options_.max_epochs; ++epoch) {
    random.Shuffle(std::span<size_t>(order));
    double worst = 0;
    for (const size_t i : order) {
      const double sign = labels[i] == label ? 1 : -1;
      double margin = bias;
      for (const auto& [feature, value] : rows[i]) {
        margin += weights[static_cast<size_t>(feature)] * value;
      }
      const double gradient = sign * margin - 1 + alphas[i] * diagonal;
      if (alphas[i] == 0 && gradient >= 0) continue;
      worst = std::max(worst, std::abs(gradient));
      const double norm = rows[i].empty() ? 1 : 2;  // the text's vector and the constant feature
      const double updated = std::max(0.0, alphas[i] - gradient / (norm + diagonal));
      const double step = (updated - alphas[i]) * sign;
      alphas[i] = updated;
      for (const auto& [feature, value] : rows[i]) {
        weights[static_cast<size_t>(feature)] += step * value;
      }
      bias += step;
    }
    if (worst < options_.tolerance) break;
  }
  const auto stride = static_cast<size_t>(label_count_);
  const auto column = static_cast<size_t>(label);
  for (size_t feature = 0; feature < weights.size(); ++feature) {
    weights_[feature * stride + column] = static_cast<float>(weights[feature]);
  }
  biases_[column] = bias;
}

std::vector<double> BagOfWordsClassifier::Scores(std::string_view text) const {
  std::vector<double> scores = biases_;
  for (const auto& [feature, value] : Vectorize(text)) {
    const float* row = &weights_[static_cast<size_t>(feature) * scores.size()];
    for (size_t label = 0; label < scores.size(); ++label) {
      scores[label] += static_cast<double>(row[label]) * value;
    }
  }
  return scores;
}

int BagOfWordsClassifier::Predict(std::string_view text) const {
  const std::vector<double> scores = Scores(text);
  return static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

}  // namespace guichet
