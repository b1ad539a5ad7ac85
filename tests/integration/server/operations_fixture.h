#pragma once

#include <memory>
#include <string>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include "guichet/v1/classification.grpc.pb.h"
#include "guichet/v1/feedback.grpc.pb.h"
#include "guichet/v1/models.grpc.pb.h"
#include "guichet/v1/training.grpc.pb.h"
#include "tests/integration/server/server_process.h"
#include "tests/support/temp_folder.h"

namespace guichet {

// A real server with a training folder, its real trainer, and stubs of its services. One untrained
// model and one set of tickets serve all tests.
class OperationsTest : public ::testing::Test {
 protected:
  static const std::filesystem::path& Bundle();
  static const std::filesystem::path& Tickets();

  std::filesystem::path StateFolder() const { return folder_.path() / "state"; }
  // Starts the server over StateFolder; after a crash as well.
  void StartServer(const std::vector<std::string>& more_arguments = {});

  // A call's context with a deadline that a slow machine keeps.
  static void SetDeadline(grpc::ClientContext& context);

  // A request to train on Tickets(): a few seconds on any machine, and better than the untrained
  // model.
  v1::TrainRequest RequestOf(const std::string& request_id) const;
  grpc::Status Train(const v1::TrainRequest& request, v1::Job* job);
  // Watches a job to its end.
  v1::Job Await(const std::string& job_id);
  v1::ListVersionsResponse Versions();
  grpc::Status Promote(std::int64_t version, std::int64_t expected = 0, bool force = false);
  grpc::Status Rollback();

  const TempFolder folder_;
  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Training::Stub> training_;
  std::unique_ptr<v1::Models::Stub> models_;
  std::unique_ptr<v1::Feedback::Stub> feedback_;
  std::unique_ptr<v1::Classification::Stub> classification_;
};

}  // namespace guichet
