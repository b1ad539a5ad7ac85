#include "server/registry/warm_up.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

absl::StatusOr<std::vector<TokenId>> TextOfLength(const TextClassifier& classifier,
                                                  std::size_t repetitions) {
  std::string text;
  for (std::size_t i = 0; i < repetitions; ++i) text += "imprimante bloquée ";
  GUICHET_ASSIGN_OR_RETURN(Encoding encoding, classifier.Encode(text));
  return std::move(encoding.ids);
}

absl::Status RunBatch(const TextClassifier& classifier, const std::vector<TokenId>& ids,
                      std::size_t texts) {
  const std::vector<std::span<const TokenId>> rows(texts, ids);
  GUICHET_ASSIGN_OR_RETURN(const std::vector<std::vector<float>> logits, classifier.Logits(rows));
  if (logits.size() != texts) {
    return absl::InternalError(
        fmt::format("warm-up: {} rows went in, {} came out", texts, logits.size()));
  }
  for (const std::vector<float>& row : logits) {
    if (row.size() != classifier.labels().size() ||
        !std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); })) {
      return absl::InternalError(
          "warm-up: the model's logits are not finite or not one for each label; the weights are "
          "damaged or the dtype is too narrow for them");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WarmUpOptions::Validate() const {
  if (batches < 0 || batches > 100) {
    return absl::InvalidArgumentError(
        fmt::format("model.warm_up_batches is {}; it must be 0 to 100", batches));
  }
  return absl::OkStatus();
}

absl::Status WarmUp(const TextClassifier& classifier, const WarmUpOptions& options) {
  GUICHET_RETURN_IF_ERROR(options.Validate());
  if (options.batches == 0) return absl::OkStatus();
  const auto longest_length = static_cast<std::size_t>(std::max(classifier.max_tokens(), 1));
  GUICHET_ASSIGN_OR_RETURN(const auto longest, TextOfLength(classifier, longest_length));
  GUICHET_ASSIGN_OR_RETURN(const auto shortest, TextOfLength(classifier, 1));
  const auto fit = [&options](const std::vector<TokenId>& ids) {
    return std::clamp<std::size_t>(options.batch_tokens / ids.size(), 1,
                                   std::max<std::size_t>(options.batch_texts, 1));
  };
  for (int round = 0; round < options.batches; ++round) {
    GUICHET_RETURN_IF_ERROR(RunBatch(classifier, longest, fit(longest)));
    GUICHET_RETURN_IF_ERROR(RunBatch(classifier, shortest, fit(shortest)));
    GUICHET_RETURN_IF_ERROR(RunBatch(classifier, shortest, 1));
  }
  return absl::OkStatus();
}

}  // namespace guichet
