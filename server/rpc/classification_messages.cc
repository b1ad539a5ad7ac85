#include "server/rpc/classification_messages.h"

namespace guichet {
namespace {

std::int64_t Microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

void ReadOptions(const v1::ClassifyOptions& options, ClassifyParams* params) {
  params->model = {.name = options.model(), .version = options.version()};
  params->prediction = {.top_k = options.top_k(), .min_score = options.min_score()};
}

CallText TextOf(const v1::Ticket& ticket) {
  return {.id = ticket.id(), .subject = ticket.subject(), .body = ticket.body()};
}

std::optional<CallError> ClassificationProtocol::Read(const Request& request,
                                                      ClassifyParams* params) {
  ReadOptions(request.options(), params);
  params->name_of_texts = "tickets";
  params->name_of_options = "options";
  params->texts.reserve(static_cast<std::size_t>(request.tickets_size()));
  for (const v1::Ticket& ticket : request.tickets()) params->texts.push_back(TextOf(ticket));
  return std::nullopt;
}

void ClassificationProtocol::Write(const Request& request, const ClassifyAnswer& answer,
                                   const CallStamp& stamp, Response* response) {
  response->mutable_results()->Reserve(request.tickets_size());
  for (int i = 0; i < request.tickets_size(); ++i) {
    WriteResult(request.tickets(i), answer.texts[static_cast<std::size_t>(i)], *answer.model,
                stamp.guard, response->add_results());
  }
  response->set_model(answer.model->name);
  response->set_version(answer.model->version);
  WriteTimings(answer.times, stamp.total, response->mutable_timings());
}

void WriteResult(const v1::Ticket& ticket, const TextAnswer& answer, const LoadedVersion& model,
                 CallGuard& guard, v1::TicketResult* result) {
  result->set_id(ticket.id());
  if (answer.error.has_value()) {
    ToRpcStatus(*answer.error, guard.request_id(), result->mutable_status());
    return;
  }
  const std::vector<std::string>& labels = model.classifier->labels();
  result->mutable_scores()->Reserve(static_cast<int>(answer.prediction.scores.size()));
  for (const ScoredLabel& scored : answer.prediction.scores) {
    v1::LabelScore* score = result->add_scores();
    score->set_label(labels[static_cast<std::size_t>(scored.label)]);
    score->set_score(scored.score);
  }
  result->set_abstained(answer.prediction.abstained);
  result->set_tokens(answer.tokens);
  result->set_truncated(answer.truncated);
}

void WriteTimings(const StageTimes& times, std::chrono::nanoseconds total,
                  v1::StageTimings* timings) {
  timings->set_tokenize_us(Microseconds(times.tokenize));
  timings->set_queue_us(Microseconds(times.queue));
  timings->set_infer_us(Microseconds(times.infer));
  timings->set_total_us(Microseconds(total));
}

}  // namespace guichet
