#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "client/stub.h"
#include "grpc/health/v1/health.pb.h"
#include "guichet/v1/classification.pb.h"

namespace guichet {

// Between the client's value types and the messages of guichet/v1/classification.proto.

v1::ClassifyRequest ToRequest(std::span<const TicketText> tickets, const ClassifyOptions& options);

// INTERNAL when the response does not answer `tickets` tickets, each with a status or scores.
absl::StatusOr<StubReply> ToReply(v1::ClassifyResponse response, std::size_t tickets);

ServingState ToServingState(grpc::health::v1::HealthCheckResponse::ServingStatus status);

}  // namespace guichet
