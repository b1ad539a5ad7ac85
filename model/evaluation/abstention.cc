#include "model/evaluation/abstention.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/evaluation/statistics.h"

namespace guichet {
namespace {

std::vector<JudgedAnswer> SurestFirst(std::span<const JudgedAnswer> answers) {
  std::vector<JudgedAnswer> sorted(answers.begin(), answers.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &JudgedAnswer::score);
  return sorted;
}

// Below kAlwaysAbstain, which an answer that the model is certain of may not get.
double AsThreshold(double score) { return std::min(score, std::nextafter(kAlwaysAbstain, 0.0)); }

// The point behind each group of equal scores, without its bound.
std::vector<CoveragePoint> AllPoints(const std::vector<JudgedAnswer>& surest_first) {
  std::vector<CoveragePoint> points;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < surest_first.size(); ++i) {
    if (surest_first[i].right()) ++right;
    if (i + 1 < surest_first.size() && surest_first[i + 1].score == surest_first[i].score) continue;
    const auto answered = static_cast<std::int64_t>(i + 1);
    points.push_back(
        {.threshold = AsThreshold(surest_first[i].score),
         .answered = answered,
         .right = right,
         .coverage = static_cast<double>(answered) / static_cast<double>(surest_first.size()),
         .precision = static_cast<double>(right) / static_cast<double>(answered)});
  }
  return points;
}

// The last point, by rising coverage, whose bound is at least `precision`.
std::optional<CoveragePoint> LastThatKeeps(std::vector<CoveragePoint> points, double precision) {
  while (!points.empty()) {
    CoveragePoint point = points.back();
    points.pop_back();
    if (point.precision < precision) continue;  // the bound lies below: no need to compute it
    point.precision_low = ClopperPearsonLow(point.right, point.answered, kPromiseAlpha);
    if (point.precision_low >= precision) return point;
  }
  return std::nullopt;
}

bool IsAnswered(double score, double threshold) {
  return threshold < kAlwaysAbstain && score >= threshold;
}

}  // namespace

absl::StatusOr<std::vector<JudgedAnswer>> JudgeAnswers(const LogitTable& logits,
                                                       std::span<const int> truth,
                                                       double temperature) {
  GUICHET_RETURN_IF_ERROR(CheckLogits(logits, truth));
  if (!(temperature > 0) || !std::isfinite(temperature)) {
    return absl::InvalidArgumentError(
        fmt::format("temperature must be above 0 and finite, not {}", temperature));
  }
  std::vector<JudgedAnswer> answers;
  answers.reserve(truth.size());
  std::vector<double> probabilities(static_cast<std::size_t>(logits.label_count));
  for (std::size_t row = 0; row < truth.size(); ++row) {
    Softmax(logits.row(row), temperature, probabilities);
    const int best = LargestIndex(logits.row(row));
    answers.push_back({.truth = truth[row],
                       .answer = best,
                       .score = static_cast<float>(probabilities[static_cast<std::size_t>(best)])});
  }
  return answers;
}

std::vector<CoveragePoint> MeasureCoverage(std::span<const JudgedAnswer> answers, int max_points) {
  const std::vector<CoveragePoint> all = AllPoints(SurestFirst(answers));
  std::vector<CoveragePoint> points;
  const auto wanted = static_cast<double>(std::max(1, max_points));
  double taken = 0;  // of the `wanted` equal shares of the rows
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double share = std::floor(all[i].coverage * wanted + 1e-9);
    if (i + 1 < all.size() && share <= taken) continue;
    taken = share;
    points.push_back(all[i]);
    points.back().precision_low =
        ClopperPearsonLow(points.back().right, points.back().answered, kPromiseAlpha);
  }
  return points;
}

std::optional<CoveragePoint> CoverageAtPrecision(std::span<const JudgedAnswer> answers,
                                                 double precision) {
  return LastThatKeeps(AllPoints(SurestFirst(answers)), precision);
}

std::vector<LabelThreshold> ChooseThresholds(std::span<const JudgedAnswer> answers, int label_count,
                                             double promised) {
  std::vector<std::vector<JudgedAnswer>> by_label(static_cast<std::size_t>(label_count));
  for (const JudgedAnswer& answer : answers) {
    by_label[static_cast<std::size_t>(answer.answer)].push_back(answer);
  }
  std::vector<LabelThreshold> thresholds;
  for (const std::vector<JudgedAnswer>& own : by_label) {
    LabelThreshold chosen;
    chosen.fitted.rows = static_cast<std::int64_t>(own.size());
    if (const auto point = LastThatKeeps(AllPoints(SurestFirst(own)), promised)) {
      chosen.threshold = point->threshold;
      chosen.kept = true;
      chosen.fitted.answered = point->answered;
      chosen.fitted.right = point->right;
      chosen.precision_low = point->precision_low;
    }
    thresholds.push_back(chosen);
  }
  return thresholds;
}

std::vector<AnswerCounts> CountAnswers(std::span<const JudgedAnswer> answers,
                                       std::span<const double> thresholds) {
  std::vector<AnswerCounts> counts(thresholds.size());
  for (const JudgedAnswer& answer : answers) {
    const auto label = static_cast<std::size_t>(answer.answer);
    AnswerCounts& count = counts[label];
    ++count.rows;
    if (!IsAnswered(answer.score, thresholds[label])) continue;
    ++count.answered;
    if (answer.right()) ++count.right;
  }
  return counts;
}

AnswerCounts Total(std::span<const AnswerCounts> counts) {
  AnswerCounts total;
  for (const AnswerCounts& count : counts) {
    total.rows += count.rows;
    total.answered += count.answered;
    total.right += count.right;
  }
  return total;
}

}  // namespace guichet
