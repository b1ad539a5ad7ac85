#include "client/cli/operator_session.h"

#include "client/cli/command.h"
#include "client/cli/interrupt.h"
#include "client/error_details.h"

namespace guichet {
namespace {

std::string RemedyFor(absl::StatusCode code, const std::vector<Remedy>& remedies) {
  for (const Remedy& remedy : remedies) {
    if (remedy.code == code) return remedy.words;
  }
  if (code == absl::StatusCode::kUnimplemented) {
    return "this server does not offer it; it is older, or offers it to others only";
  }
  if (code == absl::StatusCode::kUnauthenticated) return "--token-file names the file of a token";
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<OperatorClient>> ConnectOperator(const ServerOptions& options) {
  return OperatorClient::Connect({.client = ToClientOptions(options), .stop = Interrupted});
}

int FailAtOperation(const ServerOptions& options, const absl::Status& error,
                    const std::vector<Remedy>& remedies) {
  if (Interrupted()) return kExitFailed;  // the process is about to end as the signal would have
  // A guichet server gives every error a reason: this one is of the file, which changed meanwhile.
  if (absl::IsDataLoss(error) && ErrorReason(error).empty()) return Fail(error);
  const std::string remedy = RemedyFor(error.code(), remedies);
  return FailAtServer(options, remedy.empty() ? error : Annotated(error, remedy));
}

absl::Status WithDoubt(const absl::Status& error, const std::string& how_to_look) {
  if (error.ok() || !IsUnreachable(error)) return error;
  return Annotated(error, "whether it was done is not known; " + how_to_look);
}

int RunOperation(const ServerOptions& options, const std::vector<Remedy>& remedies,
                 const std::function<absl::StatusOr<OrderedJson>(OperatorClient&)>& call) {
  const auto client = ConnectOperator(options);
  if (!client.ok()) return Fail(client.status());
  const auto answer = call(**client);
  if (!answer.ok()) return FailAtOperation(options, answer.status(), remedies);
  const absl::Status written = WriteJsonLine(*answer);
  return written.ok() ? int{kExitOk} : Fail(written);
}

}  // namespace guichet
