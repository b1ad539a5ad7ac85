#include "model/checkpoint/parameter_names.h"

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/checkpoint/convert.h"
#include "model/checkpoint/expected_tensors.h"
#include "model/checkpoint/tensor_rules.h"

namespace guichet {
namespace {

// A checkpoint with tensors of its own beside those of another.
class AugmentedCheckpoint : public Checkpoint {
 public:
  explicit AugmentedCheckpoint(std::shared_ptr<const Checkpoint> base) : base_(std::move(base)) {}

  TensorView AddZeros(std::vector<std::int64_t> shape, size_t bytes) {
    zeros_.resize(bytes);
    return {DType::kF32, std::move(shape), zeros_};
  }
  const TensorMap& tensors() const override { return base_->tensors(); }

 private:
  std::shared_ptr<const Checkpoint> base_;
  std::vector<std::byte> zeros_;
};

absl::Status Invalid(std::string_view name, std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("tensor {} {}", Quoted(name), problem));
}

// What converters leave behind: counters of versions, a buffer of fairseq's, and its output
// projection, which is the decoder's word matrix again.
bool IsLeftover(std::string_view name) {
  return name.ends_with("encoder.version") || name.ends_with("decoder.version") ||
         name.ends_with(".embed_positions._float_tensor") ||
         name.ends_with("decoder.output_projection.weight");
}

// The full name by Hugging Face's MBart classes of a name in any of the variants: without the
// prefix "model.", fairseq's named heads, LayerNorms with gamma and beta.
std::string FullName(std::string_view name) {
  constexpr std::string_view kNamedHeads = "classification_heads.";
  std::string full(name);
  if (name.starts_with("model.classification_heads.")) full.erase(0, std::strlen("model."));
  if (std::string_view(full).starts_with(kNamedHeads)) {
    const size_t end = full.find('.', kNamedHeads.size());
    if (end != std::string::npos) full = "classification_head" + full.substr(end);
  } else if (full == "shared.weight" || full.starts_with("encoder.") ||
             full.starts_with("decoder.")) {
    full = "model." + full;
  }
  if (full.find("norm") == std::string::npos) return full;
  if (full.ends_with(".gamma"))
    return full.substr(0, full.size() - std::strlen("gamma")) + "weight";
  if (full.ends_with(".beta")) return full.substr(0, full.size() - std::strlen("beta")) + "bias";
  return full;
}

absl::StatusOr<TensorMap> RenameAll(const TensorMap& tensors) {
  TensorMap renamed;
  for (const auto& [name, tensor] : tensors) {
    if (IsLeftover(name)) continue;
    const auto [it, inserted] = renamed.emplace(FullName(name), tensor);
    if (!inserted) {
      return Invalid(name, fmt::format("is {} under a second name", Quoted(it->first)));
    }
  }
  return renamed;
}

bool SameBytes(const TensorView& a, const TensorView& b) {
  return a.dtype == b.dtype && a.data.size() == b.data.size() &&
         (a.data.data() == b.data.data() || a.data.empty() ||
          std::memcmp(a.data.data(), b.data.data(), a.data.size()) == 0);
}

// Moves tensors from the file's names to the model's, checking each on the way.
class Resolver {
 public:
  Resolver(TensorMap source, const BartConfig& config)
      : source_(std::move(source)), config_(config) {}

  absl::Status Resolve(ModelWeights& weights) {
    weights.has_decoder = HasAny("model.decoder.");
    weights.has_classification_head = HasAny("classification_head.");
    weights.has_lm_head =
        source_.contains(kLanguageModelHead) || source_.contains(kFinalLogitsBias);
    if (!weights.has_decoder && !config_.pooling) {
      return absl::InvalidArgumentError(
          "there is no decoder (no tensor \"model.decoder.…\"), and config.json has no \"pooling\" "
          "that would make this an encoder-only classifier");
    }
    GUICHET_RETURN_IF_ERROR(ResolveWords(weights));
    GUICHET_RETURN_IF_ERROR(TakeAll(EncoderTensors(config_), weights));
    if (weights.has_decoder) GUICHET_RETURN_IF_ERROR(TakeAll(DecoderTensors(config_), weights));
    if (weights.has_classification_head) {
      GUICHET_RETURN_IF_ERROR(TakeAll(ClassificationHeadTensors(config_), weights));
    }
    if (weights.has_lm_head) GUICHET_RETURN_IF_ERROR(ResolveFinalBias(weights));
    return RefuseOthers(weights);
  }

 private:
  // Copies of the word matrix do not count: an encoder-only file may hold any of them.
  bool HasAny(std::string_view prefix) const {
    for (auto it = source_.lower_bound(std::string(prefix));
         it != source_.end() && it->first.starts_with(prefix); ++it) {
      if (it->first != kDecoderWords) return true;
    }
    return false;
  }

  // Takes a tensor out of the source; it must exist and fit.
  absl::StatusOr<TensorView> Take(const ExpectedTensor& expected) {
    const auto it = source_.find(expected.name);
    if (it == source_.end()) {
      return Invalid(expected.name,
                     fmt::format("is missing; expected shape {}", ShapeText(expected.shape)));
    }
    TensorView tensor = std::move(it->second);
    source_.erase(it);
    if (tensor.shape != expected.shape) {
      return Invalid(expected.name,
                     fmt::format("has shape {}; by config.json it must be {}",
                                 ShapeText(tensor.shape), ShapeText(expected.shape)));
    }
    const DType dtype = tensor.dtype;
    if (dtype != DType::kF32 && dtype != DType::kF16 && dtype != DType::kBF16 &&
        dtype != DType::kF64) {
      return Invalid(expected.name, fmt::format("is of type {}; weights are F32, F16, BF16 or F64",
                                                NameOf(dtype)));
    }
    if (const auto index = FirstNonFinite(tensor)) {
      return Invalid(expected.name, fmt::format("is not finite at element {}", *index));
    }
    return tensor;
  }

  absl::Status TakeAll(const std::vector<ExpectedTensor>& expected, ModelWeights& weights) {
    for (const ExpectedTensor& one : expected) {
      GUICHET_ASSIGN_OR_RETURN(weights.tensors[one.name], Take(one));
    }
    return absl::OkStatus();
  }

  absl::Status ResolveWords(ModelWeights& weights) {
    constexpr std::array kAliases = {kSharedWords, kEncoderWords, kDecoderWords,
                                     kLanguageModelHead};
    std::map<std::string, TensorView> found;
    const TensorView* first = nullptr;  // model.shared.weight where the file has it
    for (const char* alias : kAliases) {
      if (!source_.contains(alias)) continue;
      GUICHET_ASSIGN_OR_RETURN(found[alias], Take(WordTensor(alias, config_)));
      if (first == nullptr) first = &found[alias];
    }
    if (first == nullptr) {
      return absl::InvalidArgumentError(fmt::format(
          "no word embeddings: expected tensor \"{}\" or one of its copies \"{}\", \"{}\", \"{}\"",
          kSharedWords, kEncoderWords, kDecoderWords, kLanguageModelHead));
    }
    if (!config_.tie_word_embeddings) return KeepWordsApart(found, *first, weights);
    for (const auto& [name, tensor] : found) {
      if (SameBytes(tensor, *first)) continue;
      weights.warnings.push_back(fmt::format(
          "the copies of the word matrix differ although tie_word_embeddings is true: \"{}\" is "
          "replaced by \"{}\"",
          name, found.contains(kSharedWords) ? kSharedWords : "the first copy"));
    }
    weights.tensors[kSharedWords] = *first;
    if (weights.has_lm_head) weights.tensors[kLanguageModelHead] = *first;
    return absl::OkStatus();
  }

  absl::Status KeepWordsApart(const std::map<std::string, TensorView>& found,
                              const TensorView& first, ModelWeights& weights) {
    const auto get = [&](const char* name) {
      const auto it = found.find(name);
      return it == found.end() ? first : it->second;
    };
    weights.tensors[kSharedWords] = first;
    weights.tensors[kEncoderWords] = get(kEncoderWords);
    if (weights.has_decoder) weights.tensors[kDecoderWords] = get(kDecoderWords);
    if (!weights.has_lm_head) return absl::OkStatus();
    if (!found.contains(kLanguageModelHead)) {
      return Invalid(kLanguageModelHead, "is missing, and tie_word_embeddings is false");
    }
    weights.tensors[kLanguageModelHead] = get(kLanguageModelHead);
    return absl::OkStatus();
  }

  // A language model without the bias has a bias of zero, as in Hugging Face.
  absl::Status ResolveFinalBias(ModelWeights& weights) {
    const ExpectedTensor expected = FinalLogitsBiasTensor(config_);
    if (source_.contains(kFinalLogitsBias)) {
      GUICHET_ASSIGN_OR_RETURN(weights.tensors[kFinalLogitsBias], Take(expected));
      return absl::OkStatus();
    }
    GUICHET_ASSIGN_OR_RETURN(const size_t bytes, CheckedByteSize(expected.shape, DType::kF32));
    auto augmented = std::make_shared<AugmentedCheckpoint>(std::move(weights.storage));
    weights.tensors[kFinalLogitsBias] = augmented->AddZeros(expected.shape, bytes);
    weights.storage = std::move(augmented);
    return absl::OkStatus();
  }

  // A tensor of the body that no module takes means another architecture; another task's head
  // (qa_outputs.…) is only left aside.
  absl::Status RefuseOthers(ModelWeights& weights) const {
    for (const auto& [name, tensor] : source_) {
      if (name.starts_with("model.") || name.starts_with("classification_head.")) {
        return Invalid(name, fmt::format("of shape {} has no place in the model that config.json "
                                         "describes",
                                         ShapeText(tensor.shape)));
      }
      weights.warnings.push_back(fmt::format("tensor {} is not used", Quoted(name)));
    }
    return absl::OkStatus();
  }

  TensorMap source_;
  const BartConfig& config_;
};

}  // namespace

absl::StatusOr<ModelWeights> ResolveParameterNames(std::shared_ptr<const Checkpoint> checkpoint,
                                                   const BartConfig& config) {
  GUICHET_RETURN_IF_ERROR(Validate(config));
  GUICHET_ASSIGN_OR_RETURN(TensorMap renamed, RenameAll(checkpoint->tensors()));
  ModelWeights weights;
  weights.storage = std::move(checkpoint);
  GUICHET_RETURN_IF_ERROR(Resolver(std::move(renamed), config).Resolve(weights));
  return weights;
}

}  // namespace guichet
