#include "model/inference/text_classifier.h"

#include <exception>
#include <utility>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/inference/packed_batch.h"
#include "model/inference/packed_forward.h"
#include "model/inference/prepared_weights.h"
#include "model/network/device.h"

namespace guichet {
namespace {

class LibtorchTextClassifier final : public TextClassifier {
 public:
  LibtorchTextClassifier(const ModelBundle& bundle, const RunOptions& run, PreparedWeights weights)
      : manifest_(bundle.manifest()),
        config_(bundle.config()),
        tokenizer_(bundle.tokenizer()),
        run_(run),
        weights_(std::move(weights)),
        device_name_(run.device.str()),
        limits_{.vocabulary_size = config_.vocab_size,
                .max_tokens = manifest_.max_tokens,
                .end_id = config_.eos_token_id,
                .needs_end = manifest_.head == HeadKind::kEncoderDecoder ||
                             manifest_.pooling == Pooling::kLastEos} {}

  absl::StatusOr<Encoding> Encode(std::string_view text) const override {
    if (tokenizer_ == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("model '", manifest_.name,
                       "' has no tokenizer and scores token ids only; import it again "
                       "from a folder with its tokenizer files"));
    }
    return tokenizer_->Encode(text,
                              {.parse_special_tokens = false, .max_length = manifest_.max_tokens});
  }

  absl::StatusOr<std::vector<std::vector<float>>> Logits(
      std::span<const std::span<const TokenId>> rows) const override {
    if (rows.empty()) return std::vector<std::vector<float>>();
    GUICHET_ASSIGN_OR_RETURN(const PackedBatch batch, PackRows(rows, limits_));
    try {
      const c10::InferenceMode no_autograd;
      const at::Tensor logits =
          ForwardPacked(weights_, config_, manifest_.head, manifest_.pooling, batch, run_.device);
      return InCallerOrder(batch, logits.const_data_ptr<float>());
    } catch (const std::exception& error) {
      return absl::InternalError(
          absl::StrCat("inference on ", device_name_, " failed: ", FirstLineOf(error)));
    }
  }

  const BundleManifest& manifest() const override { return manifest_; }
  std::string_view device() const override { return device_name_; }
  std::string_view dtype() const override { return NameOfType(run_); }
  std::size_t weight_bytes() const override { return weights_.bytes; }

 private:
  std::vector<std::vector<float>> InCallerOrder(const PackedBatch& batch,
                                                const float* logits) const {
    const std::size_t labels = manifest_.labels.size();
    std::vector<std::vector<float>> ordered(batch.rows());
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      ordered[batch.original[r]].assign(logits + r * labels, logits + (r + 1) * labels);
    }
    return ordered;
  }

  const BundleManifest manifest_;
  const BartConfig config_;
  const std::shared_ptr<const Tokenizer> tokenizer_;
  const RunOptions run_;
  const PreparedWeights weights_;
  const std::string device_name_;
  const RowLimits limits_;
};

}  // namespace

void SetInferenceThreads(int threads) { at::set_num_threads(threads); }

absl::StatusOr<bool> RunsOnGpu(const std::string& device) {
  GUICHET_ASSIGN_OR_RETURN(const at::Device chosen, ChooseDevice(device));
  return !chosen.is_cpu();
}

absl::StatusOr<std::shared_ptr<const TextClassifier>> LoadTextClassifier(
    const ModelBundle& bundle, const DeviceOptions& options) {
  try {
    GUICHET_ASSIGN_OR_RETURN(const RunOptions run, ChooseRun(options));
    GUICHET_ASSIGN_OR_RETURN(
        PreparedWeights weights,
        PrepareWeights(bundle.weights(), bundle.config(), bundle.manifest().head, run));
    return std::make_shared<LibtorchTextClassifier>(bundle, run, std::move(weights));
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot load the model onto '", options.device, "': ", FirstLineOf(error)));
  }
}

}  // namespace guichet
