#include "client/client.h"

#include <cstddef>
#include <future>
#include <optional>

#include "base/status_macros.h"

namespace guichet {

absl::StatusOr<Client> Client::Connect(const ClientOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(std::shared_ptr<Connection> connection, MakeConnection(options));
  return Client(std::move(connection));
}

absl::StatusOr<ClassifiedTicket> Client::Classify(TicketText ticket,
                                                  const ClassifyOptions& options) const {
  ClassifyCall call;
  call.tickets.push_back(std::move(ticket));
  call.options = options;
  GUICHET_ASSIGN_OR_RETURN(ClassifyReply reply, Classify(std::move(call)));
  return std::move(reply.results.front());
}

absl::StatusOr<ClassifyReply> Client::Classify(ClassifyCall call) const {
  std::promise<absl::StatusOr<ClassifyReply>> promise;
  connection_->Classify(std::move(call), [&promise](absl::StatusOr<ClassifyReply> reply) {
    promise.set_value(std::move(reply));
  });
  return promise.get_future().get();
}

void Client::AsyncClassify(ClassifyCall call, Connection::ClassifyCallback done) const {
  connection_->Classify(std::move(call), std::move(done));
}

absl::StatusOr<std::vector<absl::StatusOr<ClassifiedTicket>>> Client::ClassifyMany(
    std::span<const TicketText> tickets, const ClassifyOptions& options,
    const ManyOptions& many) const {
  GUICHET_RETURN_IF_ERROR(many.Validate());
  std::vector<absl::StatusOr<ClassifiedTicket>> answers;
  answers.reserve(tickets.size());
  std::size_t next = 0;
  guichet::ClassifyMany(*connection_, options, many,
                        {.next = [&]() -> std::optional<TicketText> {
                           if (next == tickets.size()) return std::nullopt;
                           return tickets[next++];
                         },
                         .take =
                             [&](absl::StatusOr<ClassifiedTicket> answer) {
                               answers.push_back(std::move(answer));
                               return true;
                             }});
  return answers;
}

absl::StatusOr<ServingState> Client::CheckHealth(const HealthCall& call) const {
  std::promise<absl::StatusOr<ServingState>> promise;
  connection_->CheckHealth(call, [&promise](absl::StatusOr<ServingState> state) {
    promise.set_value(std::move(state));
  });
  return promise.get_future().get();
}

}  // namespace guichet
