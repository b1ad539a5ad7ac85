#include "client/message_mapping.h"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "client/rpc_status.h"

namespace guichet {
namespace {

absl::StatusOr<ClassifiedTicket> ToTicket(v1::TicketResult& result,
                                          const v1::ClassifyResponse& response) {
  if (result.has_status() && result.status().code() != 0) return FromRpcStatus(result.status());
  if (result.scores().empty()) {
    return absl::InternalError("the server answered with neither scores nor an error");
  }
  ClassifiedTicket ticket;
  ticket.id = std::move(*result.mutable_id());
  ticket.scores.reserve(static_cast<std::size_t>(result.scores_size()));
  for (v1::LabelScore& score : *result.mutable_scores()) {
    ticket.scores.push_back({std::move(*score.mutable_label()), score.score()});
  }
  ticket.abstained = result.abstained();
  ticket.tokens = result.tokens();
  ticket.truncated = result.truncated();
  ticket.model = response.model();
  ticket.version = response.version();
  return ticket;
}

}  // namespace

v1::ClassifyRequest ToRequest(std::span<const TicketText> tickets, const ClassifyOptions& options) {
  v1::ClassifyRequest request;
  request.mutable_tickets()->Reserve(static_cast<int>(tickets.size()));
  for (const TicketText& text : tickets) {
    v1::Ticket& ticket = *request.add_tickets();
    ticket.set_id(text.id);
    ticket.set_subject(text.subject);
    ticket.set_body(text.body);
  }
  v1::ClassifyOptions& wanted = *request.mutable_options();
  wanted.set_model(options.model);
  wanted.set_version(options.version);
  wanted.set_top_k(options.top_k);
  wanted.set_min_score(options.min_score);
  return request;
}

absl::StatusOr<StubReply> ToReply(v1::ClassifyResponse response, std::size_t tickets) {
  if (static_cast<std::size_t>(response.results_size()) != tickets) {
    return absl::InternalError(fmt::format("the server answered {} results for {} tickets",
                                           response.results_size(), tickets));
  }
  StubReply reply;
  reply.results.reserve(tickets);
  for (v1::TicketResult& result : *response.mutable_results()) {
    reply.results.push_back(ToTicket(result, response));
  }
  using std::chrono::microseconds;
  const v1::StageTimings& timings = response.timings();
  reply.timings = {.tokenize = microseconds(timings.tokenize_us()),
                   .queue = microseconds(timings.queue_us()),
                   .infer = microseconds(timings.infer_us()),
                   .total = microseconds(timings.total_us())};
  return reply;
}

ServingState ToServingState(grpc::health::v1::HealthCheckResponse::ServingStatus status) {
  using grpc::health::v1::HealthCheckResponse;
  switch (status) {
    case HealthCheckResponse::SERVING:
      return ServingState::kServing;
    case HealthCheckResponse::NOT_SERVING:
      return ServingState::kNotServing;
    case HealthCheckResponse::SERVICE_UNKNOWN:
      return ServingState::kServiceUnknown;
    default:
      return ServingState::kUnknown;
  }
}

}  // namespace guichet
