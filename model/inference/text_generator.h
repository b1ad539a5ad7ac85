#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/generation/fill_masks.h"
#include "model/generation/generate.h"
#include "model/generation/generation_options.h"
#include "model/inference/device_options.h"
#include "model/text/tokenizer.h"

namespace guichet {

// A row to generate from: <s> text </s> as token ids, and its stream of random numbers, by which
// samples are repeatable whatever else is in the batch.
struct GenerationInput {
  std::span<const TokenId> ids;
  std::uint64_t stream = 0;
};

// A loaded model that writes (MBartForConditionalGeneration). Immutable, so every const call is
// safe from any thread; weights are shared, the cache belongs to the call. torch ends behind this
// interface.
class TextGenerator {
 public:
  virtual ~TextGenerator() = default;

  // <s> text </s>; special strings in the text, <mask> among them, are special tokens.
  // INVALID_ARGUMENT: not UTF-8, empty but for white space, or longer than the model's positions.
  // FAILED_PRECONDITION: the folder has no tokenizer.
  virtual absl::StatusOr<std::vector<TokenId>> Encode(std::string_view text) const = 0;
  // The text of generated ids, special tokens left out. FAILED_PRECONDITION as Encode.
  virtual absl::StatusOr<std::string> Decode(std::span<const TokenId> ids) const = 0;

  // Sequences for each row in order, as Hugging Face's generate() gives them, without padding.
  // INVALID_ARGUMENT names the field of the options, or the row, that is out of range; CANCELLED:
  // the observer said so; INTERNAL: the device failed; RESOURCE_EXHAUSTED: no memory for so many
  // rows.
  virtual absl::StatusOr<std::vector<std::vector<GeneratedSequence>>> Generate(
      std::span<const GenerationInput> rows, const GenerationOptions& options,
      const GenerationObserver& observer = {}) const = 0;

  // The `count` likeliest tokens at each <mask> of a row. INVALID_ARGUMENT as Generate, and for a
  // count outside 1 to the vocabulary; FAILED_PRECONDITION: no tokenizer, so no <mask>; INTERNAL:
  // the device failed.
  virtual absl::StatusOr<std::vector<FilledMask>> FillMasks(std::span<const TokenId> ids,
                                                            int count) const = 0;

  // What the folder sets, to be changed by the caller's wishes.
  virtual const GenerationOptions& defaults() const = 0;
  virtual const GenerationLimits& limits() const = 0;
  virtual bool has_tokenizer() const = 0;
  virtual std::string_view device() const = 0;   // "cpu", "cuda:0"
  virtual std::string_view dtype() const = 0;    // "fp32", "bf16", "int8"
  virtual std::size_t weight_bytes() const = 0;  // resident, on the device
};

// Loads a Hugging Face folder onto a device; its tokenizer may be absent. NOT_FOUND: no such folder
// or no weights in it; INVALID_ARGUMENT names the file that is not of such a model or does not fit
// the others; FAILED_PRECONDITION: no such device here; RESOURCE_EXHAUSTED: not enough memory.
absl::StatusOr<std::shared_ptr<const TextGenerator>> LoadTextGenerator(
    const std::filesystem::path& folder, const DeviceOptions& options);

}  // namespace guichet
