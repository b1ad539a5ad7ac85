#pragma once

#include "base/clock.h"
#include "server/base/work_pool.h"
#include "server/feedback/prediction_recorder.h"
#include "server/pipeline/inference_pipeline.h"
#include "server/registry/model_registry.h"
#include "server/rpc/byte_budget.h"
#include "server/rpc/peer_limits.h"
#include "server/rpc/rpc_options.h"
#include "server/telemetry/server_metrics.h"

namespace guichet {

// What every call works with. Owned by the server; outlives the services and their calls.
struct RpcEnvironment {
  RpcOptions options;
  const Clock& clock;
  ModelRegistry& registry;
  InferencePipeline& pipeline;
  ServerMetrics& metrics;
  PeerLimits& peers;
  ByteBudget& bytes;
  WorkPool& tokenizers;
  PredictionRecorder* predictions = nullptr;  // null: none are kept for review
};

}  // namespace guichet
