#include "client/dataset_upload.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/retry_policy.h"
#include "client/rpc_status.h"

namespace guichet {
namespace {

// Whether the next attempt, which asks first, may do better. ABORTED and OUT_OF_RANGE: another
// stream writes the same upload, often our own broken one that the server has not missed yet.
bool MayPass(const absl::Status& error) {
  return IsRetryable(error) || EndedByTime(error) || absl::IsAborted(error) ||
         absl::IsOutOfRange(error);
}

}  // namespace

absl::StatusOr<v1::UploadDatasetResponse> DatasetUpload::Run(
    BlockingCall& call, std::chrono::nanoseconds stream_timeout) {
  std::int64_t stored = 0;
  absl::Status sent;  // how the last stream ended
  while (true) {
    absl::Status status = call.Attempt(
        call.TimeLeft(), [this](grpc::ClientContext& context) { return Ask(context); });
    if (status.ok()) {
      if (response_.complete()) return response_;
      // A whole stream's time without a byte more: the next one would fare the same.
      if (EndedByTime(sent) && response_.committed_bytes() <= stored) return sent;
      if (response_.committed_bytes() > stored) call.Restart();
      stored = response_.committed_bytes();
      status = sent = call.Attempt(
          stream_timeout, [this](grpc::ClientContext& context) { return SendRest(context); });
      call.RestartTime();
      if (status.ok() && response_.complete()) return response_;
      if (status.ok()) {
        status = absl::UnavailableError(
            fmt::format("the server took {} of {} bytes and ended the upload",
                        response_.committed_bytes(), file_.size()));
      }
    }
    GUICHET_RETURN_IF_ERROR(call.WaitAfter(status, MayPass(status)));
  }
}

absl::Status DatasetUpload::Ask(grpc::ClientContext& context) {
  response_.Clear();
  const auto writer = stub_.UploadDataset(&context, &response_);
  writer->Write(Header(0));
  writer->WritesDone();
  GUICHET_RETURN_IF_ERROR(FromRpcStatus(writer->Finish()));
  return CheckResponse();
}

absl::Status DatasetUpload::SendRest(grpc::ClientContext& context) {
  std::int64_t offset = response_.committed_bytes();
  response_.Clear();
  const auto writer = stub_.UploadDataset(&context, &response_);
  bool open = writer->Write(Header(offset));
  absl::Status read;
  v1::UploadDatasetRequest request;
  while (open && offset < file_.size()) {
    if (on_progress_) on_progress_(offset);
    read = file_.Read(offset, *request.mutable_data());
    if (!read.ok()) {
      context.TryCancel();
      break;
    }
    offset += static_cast<std::int64_t>(request.data().size());
    open = writer->Write(request);
  }
  if (open) writer->WritesDone();
  const absl::Status status = FromRpcStatus(writer->Finish());
  if (!read.ok()) return read;
  if (status.ok() && on_progress_) on_progress_(response_.committed_bytes());
  return status.ok() ? CheckResponse() : status;
}

v1::UploadDatasetRequest DatasetUpload::Header(std::int64_t offset) const {
  v1::UploadDatasetRequest request;
  v1::UploadHeader& header = *request.mutable_header();
  header.set_sha256(file_.sha256());
  header.set_size(file_.size());
  header.set_offset(offset);
  header.set_name(file_.name());
  return request;
}

absl::Status DatasetUpload::CheckResponse() const {
  const std::int64_t stored = response_.committed_bytes();
  if (stored >= 0 && stored <= file_.size()) return absl::OkStatus();
  return absl::InternalError(
      fmt::format("the server says it holds {} bytes of {}, which has {}; it is no guichet server "
                  "of this version",
                  stored, file_.name(), file_.size()));
}

}  // namespace guichet
