#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/checkpoint/checkpoint.h"
#include "model/pretraining/pretrain.h"

namespace guichet {

// How weights are stored: kBf16 halves the folder and rounds to the nearest even.
enum class SavedType { kFp32, kBf16 };

// A model that has been pre-trained, with all that is told about it.
struct PretrainedModel {
  const PretrainingPlan& plan;
  const BartConfig& config;
  const Tokenizer& tokenizer;
  const TokenCorpus& corpus;
  const PretrainingResult& result;
};

// Writes a Hugging Face folder of an MBartForConditionalGeneration, atomically: config.json,
// model.safetensors (of tied matrices model.shared.weight alone, as transformers saves them), the
// tokenizer's files, and pretraining.json: plan, corpus with hashes, loss curve, throughput, hash
// of the weights. Returns that hash: HashWeights of the stored tensors. ALREADY_EXISTS: `folder`
// does.
absl::StatusOr<std::string> WritePretrainedFolder(const PretrainedModel& model, SavedType type,
                                                  const std::filesystem::path& folder);

}  // namespace guichet
