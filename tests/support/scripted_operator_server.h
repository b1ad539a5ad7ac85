#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/server.h>
#include <grpcpp/server_context.h>

#include "base/mutex.h"
#include "guichet/v1/feedback.grpc.pb.h"
#include "guichet/v1/models.grpc.pb.h"
#include "guichet/v1/training.grpc.pb.h"

namespace guichet {

// A real gRPC server in this process for the services Training, Models and Feedback: it keeps
// uploads, and answers everything else with what the test put into `answers`. Thread-safe but for
// `answers`, which is written before the calls.
class ScriptedOperatorServer {
 public:
  using UploadReader = grpc::ServerReader<v1::UploadDatasetRequest>;
  using WatchWriter = grpc::ServerWriter<v1::WatchJobResponse>;
  // Runs on a thread of its own and may block until the call is cancelled.
  using WatchScript =
      std::function<grpc::Status(grpc::ServerContext&, const v1::WatchJobRequest&, WatchWriter&)>;

  struct Answers {
    v1::Job job;                              // of Train, GetJob, CancelJob
    std::vector<v1::Job> jobs;                // of ListJobs
    std::vector<v1::WatchJobResponse> watch;  // those behind after_sequence
    v1::ValidateDatasetResponse validation;
    v1::ListVersionsResponse versions;
    v1::ModelVersion version;  // of every other call of Models
    std::vector<v1::AuditEntry> audit;
    v1::ListAuditEntriesResponse audit_check;  // its intact and damage
    v1::Correction correction;
    std::vector<v1::ReviewItem> review;
  };

  ScriptedOperatorServer();
  ~ScriptedOperatorServer();

  // Ends all calls and comes back on the same port, as a server that restarts.
  void Restart();
  void Stop();
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

  // The next call of a method ends so; several in their order. UploadDataset: the next question or
  // stream of bytes, before anything of it is kept.
  void ThenFail(const std::string& method, const grpc::Status& status);
  // The next stream of bytes ends so once `parts` of them are kept.
  void ThenBreakUpload(int parts, const grpc::Status& status);
  void ThenWatch(WatchScript script);
  // A data set that is there already, or the beginning of one.
  void Store(const std::string& sha256, const std::string& bytes);

  // All requests of a type, in their order; of uploads the headers.
  template <typename Request>
  std::vector<Request> requests() {
    MutexLock lock(mutex_);
    std::vector<Request> found;
    for (const auto& request : requests_) {
      if (const auto* match = dynamic_cast<const Request*>(request.get())) found.push_back(*match);
    }
    return found;
  }
  std::vector<std::string> tokens();  // of all requests
  std::int64_t parts_received();      // messages with data
  std::string stored(const std::string& sha256);

  Answers answers;

 private:
  class TrainingService;
  class ModelsService;
  class FeedbackService;

  void Start();
  // Keeps the request and gives its scripted failure, or OK.
  grpc::Status Take(const std::string& method, const grpc::ServerContext& context,
                    const google::protobuf::Message& request);
  grpc::Status Upload(const grpc::ServerContext& context, UploadReader& reader,
                      v1::UploadDatasetResponse& response);
  grpc::Status Watch(grpc::ServerContext& context, const v1::WatchJobRequest& request,
                     WatchWriter& writer);

  int port_ = 0;
  const std::unique_ptr<TrainingService> training_;
  const std::unique_ptr<ModelsService> models_;
  const std::unique_ptr<FeedbackService> feedback_;
  std::unique_ptr<grpc::Server> server_;

  Mutex mutex_;
  std::map<std::string, std::deque<grpc::Status>> failures_ GUICHET_GUARDED_BY(mutex_);
  std::deque<std::pair<int, grpc::Status>> upload_breaks_ GUICHET_GUARDED_BY(mutex_);
  std::deque<WatchScript> watch_scripts_ GUICHET_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<google::protobuf::Message>> requests_ GUICHET_GUARDED_BY(mutex_);
  std::vector<std::string> tokens_ GUICHET_GUARDED_BY(mutex_);
  std::int64_t parts_received_ GUICHET_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string> stored_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
