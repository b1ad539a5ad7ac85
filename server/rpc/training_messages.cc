#include "server/rpc/training_messages.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include "base/sha256.h"
#include "model/text/utf8.h"
#include "server/rpc/call_guard.h"

namespace guichet {
namespace {

using google::protobuf::util::TimeUtil;

template <typename T>
void Take(bool is_set, T value, T& field) {
  if (is_set) field = value;
}

GatePolicy ToPolicy(const v1::GateOptions& gate) {
  GatePolicy policy;
  Take(gate.has_min_rows(), gate.min_rows(), policy.min_rows);
  Take(gate.has_margin(), gate.margin(), policy.margin);
  Take(gate.has_confidence(), gate.confidence(), policy.confidence);
  Take(gate.has_max_recall_loss(), gate.max_recall_loss(), policy.max_recall_loss);
  Take(gate.has_max_calibration_growth(), gate.max_calibration_growth(),
       policy.max_calibration_growth);
  Take(gate.has_max_p95_seconds(), gate.max_p95_seconds(), policy.max_p95_seconds);
  policy.protected_labels.assign(gate.protected_labels().begin(), gate.protected_labels().end());
  return policy;
}

absl::StatusOr<PromotionPolicy> ToPolicy(v1::PromotionPolicy policy) {
  switch (policy) {
    case v1::PROMOTION_POLICY_UNSPECIFIED:
    case v1::AUTO:
      return PromotionPolicy::kAuto;
    case v1::ASK:
      return PromotionPolicy::kAsk;
    case v1::NEVER:
      return PromotionPolicy::kNever;
    default:
      return absl::InvalidArgumentError(
          fmt::format("policy is {}; it must be AUTO, ASK or NEVER", static_cast<int>(policy)));
  }
}

v1::JobState ToState(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return v1::QUEUED;
    case JobState::kRunning:
      return v1::RUNNING;
    case JobState::kSucceeded:
      return v1::SUCCEEDED;
    case JobState::kFailed:
      return v1::FAILED;
    case JobState::kCancelled:
      return v1::CANCELLED;
  }
  return v1::JOB_STATE_UNSPECIFIED;
}

v1::PromotionPolicy ToMessage(PromotionPolicy policy) {
  switch (policy) {
    case PromotionPolicy::kAuto:
      return v1::AUTO;
    case PromotionPolicy::kAsk:
      return v1::ASK;
    case PromotionPolicy::kNever:
      return v1::NEVER;
  }
  return v1::PROMOTION_POLICY_UNSPECIFIED;
}

v1::Verdict ToVerdict(std::string_view verdict) {
  if (verdict == "PROMOTE") return v1::PROMOTE;
  if (verdict == "HOLD") return v1::HOLD;
  if (verdict == "REJECT") return v1::REJECT;
  return v1::VERDICT_UNSPECIFIED;
}

void ToMessage(const DatasetFinding& finding, v1::DatasetFinding* message) {
  message->set_severity(finding.severity == FindingSeverity::kError ? v1::DatasetFinding::ERROR
                                                                    : v1::DatasetFinding::WARNING);
  message->set_code(finding.code);
  message->set_message(finding.message);
  message->set_count(finding.count);
  message->mutable_lines()->Assign(finding.lines.begin(), finding.lines.end());
  // They quote rows, cut at a byte.
  for (const std::string& detail : finding.details) {
    message->add_details(ReplaceInvalidUtf8(detail));
  }
}

}  // namespace

absl::StatusOr<JobRequest> ToJobRequest(const v1::TrainRequest& request) {
  if (!IsRequestId(request.request_id())) {
    return absl::InvalidArgumentError(fmt::format(
        "request_id: it must be 1 to {} printable characters without spaces, chosen anew for each "
        "job; it makes sure that a repeated call starts no second one",
        kMaxRequestIdBytes));
  }
  JobRequest job;
  job.request_id = request.request_id();
  job.request_sha256 = Sha256Hex(request.SerializeAsString());
  const absl::StatusOr<PromotionPolicy> policy = ToPolicy(request.policy());
  if (!policy.ok()) return policy.status();
  job.policy = *policy;
  job.training.format = request.data().format();
  job.training.columns = request.data().columns();
  job.training.preset = request.data().preset();
  job.training.encoding = request.data().encoding();
  job.training.plan = request.plan();
  job.training.include_feedback = request.include_feedback();
  job.training.gate = ToPolicy(request.gate());
  Take(request.validation_share() != 0, request.validation_share(), job.training.validation_share);
  Take(request.holdout_share() != 0, request.holdout_share(), job.training.holdout_share);
  return job;
}

void ToMessage(const JobRecord& record, bool whole, v1::Job* job) {
  job->set_id(record.id);
  job->set_request_id(record.request_id);
  job->set_model(record.model);
  job->set_state(ToState(record.state));
  job->set_policy(ToMessage(record.policy));
  *job->mutable_create_time() = TimeUtil::MicrosecondsToTimestamp(record.created);
  if (record.started != 0)
    *job->mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(record.started);
  if (record.ended != 0) *job->mutable_end_time() = TimeUtil::MicrosecondsToTimestamp(record.ended);
  job->set_attempts(static_cast<std::int32_t>(record.attempts));
  if (record.state == JobState::kFailed) {
    job->mutable_error()->set_code(record.error_code);
    job->mutable_error()->set_message(record.error_message);
  }
  job->set_verdict(ToVerdict(record.verdict));
  job->set_summary_json(record.summary_json);
  job->set_training_rows(record.training_rows);
  job->set_validation_rows(record.validation_rows);
  job->set_holdout_rows(record.holdout_rows);
  job->set_version(record.version);
  job->set_promoted(record.promoted);
  job->set_note(record.note);
  if (!whole) return;
  job->set_gate_json(record.gate_json);
  v1::Job warnings;
  if (google::protobuf::util::JsonStringToMessage(record.warnings_json, &warnings).ok()) {
    *job->mutable_warnings() = warnings.warnings();
  }
}

void ToMessage(const JobProgress& progress, v1::JobProgress* message) {
  message->set_sequence(progress.sequence);
  message->set_stage(progress.stage);
  message->set_message(progress.message);
  message->set_epoch(progress.epoch);
  message->set_epochs(progress.epochs);
  message->set_step(progress.step);
  message->set_total_steps(progress.total_steps);
  if (progress.loss) message->set_loss(*progress.loss);
  if (progress.learning_rate) message->set_learning_rate(*progress.learning_rate);
  if (progress.tokens_per_second) message->set_tokens_per_second(*progress.tokens_per_second);
  if (progress.seconds) message->set_seconds(*progress.seconds);
  if (progress.remaining_seconds) message->set_remaining_seconds(*progress.remaining_seconds);
  if (progress.accuracy) message->set_accuracy(*progress.accuracy);
  if (progress.macro_f1) message->set_macro_f1(*progress.macro_f1);
}

void ToMessage(const DatasetReport& report, v1::ValidateDatasetResponse* response) {
  response->set_rows(report.rows);
  for (const auto& [label, rows] : report.labels) {
    v1::LabelCount* count = response->add_labels();
    count->set_label(label);
    count->set_rows(rows);
  }
  for (const DatasetFinding& finding : report.findings) {
    ToMessage(finding, response->add_findings());
  }
  response->set_has_errors(report.has_errors());
  response->set_encoding(report.encoding);
}

std::string FindingsToJson(const DatasetReport& report) {
  v1::Job job;
  for (const DatasetFinding& finding : report.findings) ToMessage(finding, job.add_warnings());
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(job, &json);
  return status.ok() ? json : "{}";
}

}  // namespace guichet
