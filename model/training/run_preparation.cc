#include "model/training/run_preparation.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/free_memory.h"
#include "base/status_macros.h"
#include "model/training/memory_estimate.h"
#include "model/training/training_session.h"

namespace guichet {

absl::StatusOr<TrainingDatasets> TrainingDatasets::Make(const TrainingInputs& inputs) {
  if (inputs.training.empty()) {
    return absl::InvalidArgumentError("there are no training examples; give at least one");
  }
  const auto make = [&](std::string_view name,
                        std::span<const TrainingExample> examples) -> absl::StatusOr<TrainingData> {
    auto data = TrainingData::Make(examples, inputs.config, inputs.plan.max_tokens);
    if (data.ok()) return data;
    return absl::Status(data.status().code(),
                        fmt::format("{} {}", name, std::string(data.status().message())));
  };
  GUICHET_ASSIGN_OR_RETURN(TrainingData train, make("training", inputs.training));
  GUICHET_ASSIGN_OR_RETURN(TrainingData valid, make("validation", inputs.validation));
  return TrainingDatasets{std::move(train), std::move(valid)};
}

absl::Status ReserveMemory(const TrainingInputs& inputs, const TrainingDatasets& data,
                           const std::function<void(const MemoryNotice&)>& notify,
                           bool checkpoints) {
  GUICHET_ASSIGN_OR_RETURN(const TrainingDevice device,
                           FindTrainingDevice(inputs.plan, inputs.peers));
  MemoryLoad load{.from_scratch = inputs.base == nullptr, .checkpoints = checkpoints};
  std::set<TokenId> words;
  for (const TrainingData* set : {&data.training, &data.validation}) {
    for (const TokenId token : set->Tokens()) words.insert(token);
    for (const auto& rows : set->ByLength(inputs.plan.batch_size)) {
      const std::int64_t longest = set->lengths()[rows.back()];
      load.longest = std::max(load.longest, longest);
      load.batch_tokens =
          std::max(load.batch_tokens, longest * static_cast<std::int64_t>(rows.size()));
    }
  }
  load.words = static_cast<std::int64_t>(words.size());
  const MemoryEstimate estimate = EstimateMemory(inputs.config, inputs.plan, load);
  if (!device.is_cpu) {
    const auto& free = device.free_bytes;
    if (notify) notify({estimate.OnDevice(), free, estimate.trained_parameters});
    return free ? CheckDeviceMemory(estimate, inputs.plan, *free) : absl::OkStatus();
  }
  const std::optional<std::int64_t> free = FreeMemory();
  if (notify) notify({estimate.Total(), free, estimate.trained_parameters});
  return free ? CheckMemory(estimate, inputs.plan, *free) : absl::OkStatus();
}

}  // namespace guichet
