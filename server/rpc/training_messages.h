#pragma once

#include <cstdint>
#include <string>

#include <google/protobuf/timestamp.pb.h>

#include "absl/status/statusor.h"
#include "guichet/v1/training.pb.h"
#include "model/data/dataset_report.h"
#include "server/jobs/job_manager.h"

namespace guichet {

// Between the messages of guichet/v1/training.proto and the values of server/jobs.

// INVALID_ARGUMENT names the field. The data set is resolved by the caller.
absl::StatusOr<JobRequest> ToJobRequest(const v1::TrainRequest& request);

// `whole`: with the data set's warnings and the gate's numbers.
void ToMessage(const JobRecord& record, bool whole, v1::Job* job);
void ToMessage(const JobProgress& progress, v1::JobProgress* message);
void ToMessage(const DatasetReport& report, v1::ValidateDatasetResponse* response);

// The findings as a job keeps them.
std::string FindingsToJson(const DatasetReport& report);

}  // namespace guichet
