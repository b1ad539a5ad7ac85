#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/blocking_call.h"
#include "client/dataset_file.h"
#include "guichet/v1/training.grpc.pb.h"

namespace guichet {

// One upload: asks what the server holds, sends the rest, and does both again after a stream that
// broke. An attempt that stored more than the one before makes the attempts count anew.
class DatasetUpload {
 public:
  // on_progress may be empty; all of them outlive it.
  DatasetUpload(v1::Training::StubInterface& stub, DatasetFile& file,
                const std::function<void(std::int64_t)>& on_progress)
      : stub_(stub), file_(file), on_progress_(on_progress) {}

  // call: its time limits a question and the waits; stream_timeout: a stream of bytes.
  absl::StatusOr<v1::UploadDatasetResponse> Run(BlockingCall& call,
                                                std::chrono::nanoseconds stream_timeout);

 private:
  // Each an attempt; both set response_.
  absl::Status Ask(grpc::ClientContext& context);
  absl::Status SendRest(grpc::ClientContext& context);

  v1::UploadDatasetRequest Header(std::int64_t offset) const;
  absl::Status CheckResponse() const;

  v1::Training::StubInterface& stub_;
  DatasetFile& file_;
  const std::function<void(std::int64_t)>& on_progress_;
  v1::UploadDatasetResponse response_;
};

}  // namespace guichet
