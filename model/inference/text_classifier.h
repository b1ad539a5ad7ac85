#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/bundle/model_bundle.h"
#include "model/inference/device_options.h"
#include "model/text/tokenizer.h"

namespace guichet {

// Threads of one operation, for the calling thread and the ones it starts work on; call before the
// first batch of a thread.
void SetInferenceThreads(int threads);

// Whether a model loaded with this name of a device runs on a GPU. INVALID_ARGUMENT: no such name;
// FAILED_PRECONDITION: no such device on this machine or in this build.
absl::StatusOr<bool> RunsOnGpu(const std::string& device);

// A loaded classification model: text to token ids, batches of token ids to logits. Immutable, so
// every const call is safe from any thread; weights are shared, activations belong to the call.
// torch ends behind this interface.
class TextClassifier {
 public:
  virtual ~TextClassifier() = default;

  // <s> text </s>, truncated to max_tokens(); special strings in the text are ordinary text.
  // INVALID_ARGUMENT: not UTF-8.
  virtual absl::StatusOr<Encoding> Encode(std::string_view text) const = 0;

  // Raw logits, one row of labels().size() for each input row, in order. Rows are independent:
  // neighbours change a row's result by float rounding only. Every row holds 1 to max_tokens() ids
  // inside the vocabulary and, for encoder-decoder models and last-eos pooling, at least one </s>;
  // else INVALID_ARGUMENT names the row. INTERNAL: the device failed.
  virtual absl::StatusOr<std::vector<std::vector<float>>> Logits(
      std::span<const std::span<const TokenId>> rows) const = 0;

  virtual const BundleManifest& manifest() const = 0;
  virtual std::string_view device() const = 0;   // "cpu", "cuda:0"
  virtual std::string_view dtype() const = 0;    // "fp32", "bf16", "int8"
  virtual std::size_t weight_bytes() const = 0;  // resident, on the device

  const std::vector<std::string>& labels() const { return manifest().labels; }
  int max_tokens() const { return manifest().max_tokens; }
};

// Loads a bundle onto a device. INVALID_ARGUMENT: an unknown device or dtype; FAILED_PRECONDITION:
// no such device here; RESOURCE_EXHAUSTED: not enough device memory, with the figures.
absl::StatusOr<std::shared_ptr<const TextClassifier>> LoadTextClassifier(
    const ModelBundle& bundle, const DeviceOptions& options);

}  // namespace guichet
