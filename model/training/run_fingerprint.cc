#include "model/training/run_fingerprint.h"

#include <cstddef>
#include <span>
#include <vector>

#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/network/owned_tensors.h"

namespace guichet {

absl::StatusOr<std::string> RunFingerprint(const TrainingPlan& plan, const BartConfig& config,
                                           const ModelWeights* base,
                                           std::initializer_list<const TrainingData*> examples) {
  Sha256 hash;
  if (base != nullptr) {
    GUICHET_ASSIGN_OR_RETURN(const std::string weights, HashWeights(base->tensors));
    hash.Update(weights);
  }
  hash.Update(ToYaml(plan));
  hash.Update(ToJson(config));
  for (const TrainingData* set : examples) {
    hash.Update(std::as_bytes(std::span(set->lengths())));
    hash.Update(std::as_bytes(std::span(set->labels())));
    const std::vector<TokenId> tokens = set->Tokens();
    hash.Update(std::as_bytes(std::span(tokens)));
  }
  return hash.HexDigest();
}

}  // namespace guichet
