#pragma once

#include <optional>
#include <string>

#include "guichet/v1/generation.pb.h"
#include "model/inference/text_generator.h"
#include "server/generation/generation_service_options.h"
#include "server/generation/generation_worker.h"
#include "server/rpc/call_error.h"

namespace guichet {

// What the message asks for over the model's own defaults, within the service's limits.
// INVALID_ARGUMENT names the field that is outside a limit of the service or of the model. A
// default of the model that is beyond the service's limit is lowered to it.
std::optional<CallError> ReadGenerationOptions(const v1::GenerationOptions& message,
                                               const TextGenerator& generator,
                                               const GenerationServiceOptions& limits,
                                               GenerationOptions* options);

// The last message of a call. `prompt_tokens`: of the text, special ones included.
void WriteGenerationResult(const GenerationOutcome& outcome, std::size_t prompt_tokens,
                           const TextGenerator& generator, v1::GenerationResult* result);

}  // namespace guichet
