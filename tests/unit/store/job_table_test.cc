#include "server/store/job_table.h"

#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

class JobTableTest : public ::testing::Test {
 protected:
  JobRecord Insert(const std::string& request) {
    JobRecord job;
    job.request_id = request;
    job.model = "tickets";
    job.job_json = "{}";
    job.created = 5;
    const absl::Status status = Do([&](SqlTransaction& transaction) -> absl::Status {
      GUICHET_ASSIGN_OR_RETURN(job.id, NextJobId(transaction));
      return InsertJob(transaction, job);
    });
    EXPECT_TRUE(status.ok()) << status;
    return job;
  }
  absl::Status Update(const JobRecord& job) {
    return Do([&](SqlTransaction& transaction) { return UpdateJob(transaction, job); });
  }
  std::string Next() {
    std::string id;
    const absl::Status status = Do([&](SqlTransaction& transaction) -> absl::Status {
      GUICHET_ASSIGN_OR_RETURN(const auto job, NextJob(transaction));
      if (job.has_value()) id = job->id;
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return id;
  }
  absl::Status Do(const std::function<absl::Status(SqlTransaction&)>& work) {
    return database_->Transact(work);
  }

  const std::unique_ptr<Database> database_ = Database::Open({}).value();
};

TEST_F(JobTableTest, EveryFieldComesBack) {
  JobRecord job = Insert("request");
  job.state = JobState::kFailed;
  job.job_json = "{\"a\":1}";
  job.started = 6;
  job.ended = 7;
  job.attempts = 2;
  job.cancel_asked = true;
  job.parent_version = 3;
  job.error_code = 13;
  job.error_message = "écran noir";
  job.verdict = "HOLD";
  job.gate_json = "{}";
  job.summary_json = "{\"b\":2}";
  job.training_rows = 10;
  job.validation_rows = 11;
  job.holdout_rows = 12;
  job.version = 4;
  job.promoted = true;
  job.note = "note";
  ASSERT_TRUE(Update(job).ok());
  std::optional<JobRecord> found;
  ASSERT_TRUE(Do([&](SqlTransaction& transaction) -> absl::Status {
                GUICHET_ASSIGN_OR_RETURN(found, FindJobOfRequest(transaction, "request"));
                return absl::OkStatus();
              }).ok());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, "job-1");
  EXPECT_EQ(found->number, 1);
  EXPECT_EQ(found->state, JobState::kFailed);
  EXPECT_EQ(found->policy, PromotionPolicy::kAuto);
  EXPECT_EQ(found->job_json, job.job_json);
  EXPECT_EQ(found->created, 5);
  EXPECT_EQ(found->started, 6);
  EXPECT_EQ(found->ended, 7);
  EXPECT_EQ(found->attempts, 2);
  EXPECT_TRUE(found->cancel_asked);
  EXPECT_EQ(found->parent_version, 3);
  EXPECT_EQ(found->error_code, 13);
  EXPECT_EQ(found->error_message, "écran noir");
  EXPECT_EQ(found->verdict, "HOLD");
  EXPECT_EQ(found->gate_json, "{}");
  EXPECT_EQ(found->summary_json, job.summary_json);
  EXPECT_EQ(found->training_rows, 10);
  EXPECT_EQ(found->validation_rows, 11);
  EXPECT_EQ(found->holdout_rows, 12);
  EXPECT_EQ(found->version, 4);
  EXPECT_TRUE(found->promoted);
  EXPECT_EQ(found->note, "note");
}

TEST_F(JobTableTest, TheRunningJobComesFirstThenTheOldest) {
  Insert("a");
  JobRecord second = Insert("b");
  EXPECT_EQ(Next(), "job-1");
  second.state = JobState::kRunning;
  ASSERT_TRUE(Update(second).ok());
  EXPECT_EQ(Next(), "job-2");
  second.state = JobState::kSucceeded;
  ASSERT_TRUE(Update(second).ok());
  EXPECT_EQ(Next(), "job-1");
}

TEST_F(JobTableTest, ACancellationIsNotForgottenByALaterUpdate) {
  JobRecord job = Insert("a");
  job.cancel_asked = true;
  ASSERT_TRUE(Update(job).ok());
  job.cancel_asked = false;
  ASSERT_TRUE(Update(job).ok());
  ASSERT_TRUE(Do([&](SqlTransaction& transaction) -> absl::Status {
                GUICHET_ASSIGN_OR_RETURN(const auto found, FindJob(transaction, job.id));
                EXPECT_TRUE(found.value_or(JobRecord()).cancel_asked);
                return absl::OkStatus();
              }).ok());
}

TEST_F(JobTableTest, ARequestHasOneJob) {
  Insert("a");
  JobRecord job;
  job.id = "job-9";
  job.request_id = "a";
  EXPECT_TRUE(absl::IsAlreadyExists(
      Do([&](SqlTransaction& transaction) { return InsertJob(transaction, job); })));
}

TEST_F(JobTableTest, PagesGoBackInTime) {
  for (const char* request : {"a", "b", "c"}) Insert(request);
  std::vector<JobRecord> page;
  ASSERT_TRUE(Do([&](SqlTransaction& transaction) -> absl::Status {
                GUICHET_ASSIGN_OR_RETURN(page, ListJobs(transaction, 3, 5));
                return absl::OkStatus();
              }).ok());
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].request_id, "b");
  EXPECT_EQ(page[1].request_id, "a");
}

TEST_F(JobTableTest, AnUnknownJobCannotBeUpdated) {
  JobRecord job;
  job.id = "job-7";
  EXPECT_TRUE(absl::IsNotFound(Update(job)));
}

}  // namespace
}  // namespace guichet
