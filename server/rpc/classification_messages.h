#pragma once

#include <optional>
#include <string>

#include "guichet/v1/classification.pb.h"
#include "server/rpc/classify_call.h"
#include "server/rpc/unary_classify_reactor.h"

namespace guichet {

// The messages of guichet.v1.Classification, to and from calls: pure functions.
struct ClassificationProtocol {
  using Request = v1::ClassifyRequest;
  using Response = v1::ClassifyResponse;

  static std::optional<CallError> Read(const Request& request, ClassifyParams* params);
  static void Write(const Request& request, const ClassifyAnswer& answer, const CallStamp& stamp,
                    Response* response);
};

void ReadOptions(const v1::ClassifyOptions& options, ClassifyParams* params);
CallText TextOf(const v1::Ticket& ticket);
// One ticket's result: its scores, or its error.
void WriteResult(const v1::Ticket& ticket, const TextAnswer& answer, const LoadedVersion& model,
                 CallGuard& guard, v1::TicketResult* result);
void WriteTimings(const StageTimes& times, std::chrono::nanoseconds total,
                  v1::StageTimings* timings);

}  // namespace guichet
