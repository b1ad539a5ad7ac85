#include "client/cli/job_display.h"

#include <chrono>

#include <fmt/format.h>

#include "client/cli/message_json.h"
#include "client/error_details.h"

namespace guichet {
namespace {

std::string StepText(const v1::JobProgress& progress) {
  std::string text = fmt::format("epoch {}/{}", progress.epoch(), progress.epochs());
  if (progress.has_loss()) text += fmt::format("  loss {:.3f}", progress.loss());
  if (progress.has_tokens_per_second()) {
    text += fmt::format("  {:.0f} tokens/s", progress.tokens_per_second());
  }
  if (progress.has_remaining_seconds()) {
    text += fmt::format("  {} left",
                        ShowDuration(std::chrono::duration<double>(progress.remaining_seconds())));
  }
  return text;
}

std::string EpochText(const v1::JobProgress& progress) {
  std::string text = fmt::format("epoch {:2}", progress.epoch());
  if (progress.has_loss()) text += fmt::format("  loss {:.3f}", progress.loss());
  text += fmt::format("  validation: accuracy {:.3f}, macro-F1 {:.3f}", progress.accuracy(),
                      progress.macro_f1());
  if (progress.has_seconds()) {
    text += "  " + ShowDuration(std::chrono::duration<double>(progress.seconds()));
  }
  return text;
}

// The gate's first reason, which decided; empty where there was no gate.
std::string DecidingReason(const v1::Job& job) {
  const OrderedJson gate = OrderedJson::parse(job.gate_json(), nullptr, /*allow_exceptions=*/false);
  if (!gate.is_object() || !gate.contains("reasons")) return "";
  const OrderedJson& reasons = gate["reasons"];
  if (!reasons.is_array() || reasons.empty() || !reasons[0].is_string()) return "";
  return reasons[0].get<std::string>();
}

}  // namespace

void JobDisplay::ShowEvent(const v1::WatchJobResponse& event) {
  lost_ = false;
  if (event.has_job() && event.job().state() != state_) {
    state_ = event.job().state();
    if (!HasEnded(event.job())) {
      bar_.Line(fmt::format("job {} is {}", event.job().id(), v1::JobState_Name(state_)));
    }
  }
  if (event.has_progress()) ShowProgress(event.progress());
}

void JobDisplay::ShowLost(const absl::Status& error) {
  if (lost_) return;  // one line for all attempts
  lost_ = true;
  bar_.Line(fmt::format("lost the server: {}; trying again", std::string(error.message())));
}

void JobDisplay::ShowProgress(const v1::JobProgress& progress) {
  if (progress.has_accuracy()) {
    bar_.Line(EpochText(progress));
  } else if (!progress.message().empty()) {
    bar_.Line(fmt::format("{}: {}", progress.stage(), progress.message()));
  } else if (progress.stage() != stage_) {
    bar_.Line(progress.stage());
  }
  stage_ = progress.stage();
  bar_.Show(progress.step(), progress.total_steps(), StepText(progress));
}

std::string OutcomeSentence(const v1::Job& job) {
  if (job.state() == v1::CANCELLED) return fmt::format("job {} was cancelled", job.id());
  if (job.state() == v1::FAILED) {
    return fmt::format("job {} failed: {}: {}", job.id(),
                       StatusCodeName(static_cast<absl::StatusCode>(job.error().code())),
                       job.error().message());
  }
  std::string sentence;
  if (job.verdict() != v1::VERDICT_UNSPECIFIED) {
    sentence = "verdict " + v1::Verdict_Name(job.verdict()) + ": ";
  }
  sentence += fmt::format("version {} is ", job.version());
  if (job.promoted()) return sentence + "in service";
  sentence += "published, not in service";
  const std::string reason = job.note().empty() ? DecidingReason(job) : job.note();
  if (!reason.empty()) sentence += "; " + reason;
  if (job.verdict() == v1::PROMOTE) {
    sentence += fmt::format("; `guichet models promote {}{}` puts it in service", job.version(),
                            job.policy() == v1::NEVER ? " --force" : "");
  }
  return sentence;
}

}  // namespace guichet
