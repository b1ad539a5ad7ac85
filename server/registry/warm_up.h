#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "model/inference/text_classifier.h"

namespace guichet {

// The largest batches the pipeline will form: what warm-up runs.
struct WarmUpOptions {
  // Batches of each shape. 0: no warm-up. 0 to 100.
  int batches = 3;
  std::size_t batch_tokens = 2048;  // as pipeline.max_batch_tokens
  std::size_t batch_texts = 256;    // as pipeline.max_batch_texts

  absl::Status Validate() const;
};

// Runs real forward passes on the calling thread: the most tokens, the most texts, and one short
// text, so that allocators, kernels and threads have met every extreme before the first caller
// does. Any error of the classifier is returned; so is INTERNAL for logits that are not finite.
absl::Status WarmUp(const TextClassifier& classifier, const WarmUpOptions& options);

}  // namespace guichet
