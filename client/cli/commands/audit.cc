#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "client/cli/commands/server_commands.h"
#include "client/cli/message_json.h"
#include "client/cli/operator_session.h"
#include "client/cli/progress_bar.h"

namespace guichet {
namespace {

constexpr std::int64_t kPageSize = 200;

struct AuditOptions {
  ServerOptions server{.timeout_seconds = 30};
  std::int64_t limit = 50;
  bool verify = false;
  bool quiet = false;
};

// What the check of the chain found; the exit code.
int TellChain(const v1::ListAuditEntriesResponse& page, bool quiet) {
  if (!page.has_intact()) return Fail("this server does not verify its audit; it is older");
  if (!page.intact()) return Fail("the audit is damaged: " + page.damage());
  const std::string last = page.entries().empty()
                               ? std::string("no rows")
                               : fmt::format("{} rows, the last one's hash is {}",
                                             page.entries(0).number(), page.entries(0).sha256());
  ProgressBar(quiet).Line("the audit is whole: " + last);
  return kExitOk;
}

int Audit(const AuditOptions& options) {
  const auto client = ConnectOperator(options.server);
  if (!client.ok()) return Fail(client.status());
  std::int64_t left = options.limit == 0 ? INT64_MAX : options.limit;
  int code = kExitOk;
  v1::ListAuditEntriesRequest request;
  request.set_verify(options.verify);
  while (left > 0) {
    request.set_page_size(static_cast<int>(std::min(left, kPageSize)));
    const auto page = (*client)->ListAuditEntries(request);
    if (!page.ok()) return FailAtOperation(options.server, page.status(), {});
    for (const v1::AuditEntry& entry : page->entries()) {
      if (left-- == 0) break;
      const absl::Status written = WriteJsonLine(ToJson(entry));
      if (!written.ok()) return Fail(written);
    }
    if (request.verify()) code = TellChain(*page, options.quiet);
    request.set_verify(false);  // once
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  return code;
}

}  // namespace

void AddAuditCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<AuditOptions>();
  CLI::App* command = app.add_subcommand(
      "audit", "who did what to jobs, versions and feedback, the newest first; a JSON line each");
  command->add_option("--limit", options->limit, "at most this many; 0: all")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 53))
      ->capture_default_str();
  command->add_flag("--verify", options->verify,
                    "also check that no row was changed or taken out; exit 1 when one was");
  AddServerOptions(*command, options->server, "time for each page, retries included");
  command->callback([&context, options] {
    options->quiet = context.quiet;
    context.run = [options] { return Audit(*options); };
  });
}

}  // namespace guichet
