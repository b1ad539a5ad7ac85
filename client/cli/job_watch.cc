#include "client/cli/job_watch.h"

#include <fmt/format.h>

#include "client/cli/command.h"
#include "client/cli/interrupt.h"
#include "client/cli/job_display.h"
#include "client/cli/message_json.h"
#include "client/error_details.h"

namespace guichet {

int WatchToItsEnd(OperatorClient& client, const ServerOptions& server, const v1::Job& job,
                  std::int64_t after, bool quiet) {
  ProgressBar bar(quiet);
  JobDisplay display(bar);
  v1::WatchJobRequest request;
  request.set_job_id(job.id());
  request.set_after_sequence(after);
  const auto ended = client.WatchJob(
      request, {.on_event =
                    [&](const v1::WatchJobResponse& event) {
                      if (event.has_progress()) {
                        after = event.progress().sequence();
                      }
                      display.ShowEvent(event);
                    },
                .on_lost = [&](const absl::Status& error) { display.ShowLost(error); }});
  if (!ended.ok()) {
    const std::string go_on = fmt::format("`guichet jobs watch {} --after {} --server {}` goes on",
                                          job.id(), after, server.server);
    if (Interrupted()) {
      bar.Line("stopped watching, the job goes on; " + go_on);
      return kExitFailed;  // the process is about to end as the signal would have
    }
    const bool may_go_on = IsUnreachable(ended.status()) || absl::IsUnavailable(ended.status());
    return FailAtOperation(server, may_go_on ? Annotated(ended.status(), go_on) : ended.status(),
                           {});
  }
  const absl::Status written = WriteJsonLine(ToJson(*ended));
  if (!written.ok()) return Fail(written);
  if (ended->state() != v1::SUCCEEDED) return Fail(OutcomeSentence(*ended));
  bar.Line(OutcomeSentence(*ended));
  return kExitOk;
}

}  // namespace guichet
