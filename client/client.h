#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "client/classification.h"
#include "client/classify_many.h"
#include "client/client_options.h"
#include "client/connection.h"

namespace guichet {

// Classifies tickets with a guichet server. Every call has a deadline; what fails for a passing
// reason is tried again (retry_policy.h). Errors keep the server's code, and its details are read
// with error_details.h. A cheap value: copies share one connection, and all functions are safe from
// any thread.
//
//   auto client = guichet::Client::Connect({.target = "helpdesk:50051"});
//   auto answer = client->Classify({.subject = "VPN", .body = "Je n'arrive plus à me connecter"});
//   if (answer.ok()) std::cout << answer->scores[0].label << "\n";
class Client {
 public:
  // Nothing is sent yet. Errors as MakeConnection.
  static absl::StatusOr<Client> Connect(const ClientOptions& options);
  explicit Client(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  // One ticket. Blocks; not for use inside a callback of this library.
  absl::StatusOr<ClassifiedTicket> Classify(TicketText ticket,
                                            const ClassifyOptions& options = {}) const;
  // Many tickets in one call, a result or an error for each. Blocks as above.
  absl::StatusOr<ClassifyReply> Classify(ClassifyCall call) const;
  // The same without blocking; the rules of Connection's callbacks hold.
  void AsyncClassify(ClassifyCall call, Connection::ClassifyCallback done) const;

  // Thousands of tickets in bounded parallel calls; answers in their order. Blocks.
  // INVALID_ARGUMENT: an option is out of range.
  absl::StatusOr<std::vector<absl::StatusOr<ClassifiedTicket>>> ClassifyMany(
      std::span<const TicketText> tickets, const ClassifyOptions& options = {},
      const ManyOptions& many = {}) const;

  // What the server says of one of its services (empty: of itself). Blocks; never retried.
  absl::StatusOr<ServingState> CheckHealth(const HealthCall& call = {}) const;

  Connection& connection() const { return *connection_; }

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace guichet
