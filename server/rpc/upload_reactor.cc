#include "server/rpc/upload_reactor.h"

#include <utility>

#include "base/status_macros.h"

namespace guichet {

grpc::ServerReadReactor<v1::UploadDatasetRequest>* UploadReactor::Start(
    OperatorEnvironment& environment, MethodMetrics& method,
    const grpc::CallbackServerContext& context, v1::UploadDatasetResponse* response) {
  auto* reactor = new UploadReactor(environment, method, context, response);
  std::optional<CallError> error = reactor->guard_.Admit();
  if (const absl::Status trains = CheckTrains(environment); !error.has_value() && !trains.ok()) {
    error = FromOperatorStatus(trains);
  }
  if (error.has_value()) {
    reactor->Finish(reactor->guard_.Close(*error));
  } else {
    reactor->StartRead(&reactor->message_);
  }
  return reactor;
}

UploadReactor::UploadReactor(OperatorEnvironment& environment, MethodMetrics& method,
                             const grpc::CallbackServerContext& context,
                             v1::UploadDatasetResponse* response)
    : environment_(environment), guard_(environment.rpc, method, context), response_(response) {}

void UploadReactor::OnReadDone(bool ok) {
  Post(ok ? &UploadReactor::TakeMessage : &UploadReactor::TakeEnd);
}

void UploadReactor::Post(void (UploadReactor::*step)()) {
  if (environment_.reads.Post(1, [this, step] { (this->*step)(); })) return;
  End(absl::ResourceExhaustedError("too many calls of operators wait; try again later"));
}

void UploadReactor::TakeMessage() {
  if (const absl::Status status = Store(); !status.ok()) return End(status);
  // A data set that is there already needs no bytes: the caller learns it at once.
  if (response_->complete()) return End(absl::OkStatus());
  StartRead(&message_);
}

void UploadReactor::TakeEnd() { End(Answer()); }

absl::Status UploadReactor::Store() {
  if (message_.has_header() == (upload_ != nullptr)) {
    return absl::InvalidArgumentError(upload_ == nullptr
                                          ? "header: the first message must be the header"
                                          : "header: only the first message may be one");
  }
  if (upload_ != nullptr) return upload_->Append(message_.data());
  const v1::UploadHeader& header = message_.header();
  GUICHET_ASSIGN_OR_RETURN(upload_, environment_.datasets->Begin({.sha256 = header.sha256(),
                                                                  .size = header.size(),
                                                                  .offset = header.offset(),
                                                                  .name = header.name()}));
  response_->set_dataset_id(header.sha256());
  response_->set_complete(upload_->complete());
  response_->set_committed_bytes(upload_->complete() ? header.size() : 0);
  return absl::OkStatus();
}

absl::Status UploadReactor::Answer() {
  if (upload_ == nullptr) {
    return absl::InvalidArgumentError("header: the first message must be the header; none came");
  }
  GUICHET_ASSIGN_OR_RETURN(const UploadState state, upload_->Finish());
  response_->set_committed_bytes(state.committed_bytes);
  response_->set_complete(state.complete);
  return absl::OkStatus();
}

void UploadReactor::End(const absl::Status& status) {
  upload_.reset();  // before the caller learns of the end: he may go on at once
  Finish(status.ok() ? guard_.Close() : guard_.Close(FromOperatorStatus(status)));
}

}  // namespace guichet
