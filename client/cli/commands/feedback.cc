#include <algorithm>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "client/cli/commands/server_commands.h"
#include "client/cli/message_json.h"
#include "client/cli/operator_session.h"
#include "client/cli/progress_bar.h"
#include "client/cli/request_ids.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr std::int64_t kMaxVersion = std::int64_t{1} << 53;
constexpr std::int64_t kPageSize = 200;
constexpr std::size_t kMaxTextBytes = std::size_t{4} << 20;  // a server reads no larger message

const std::vector<Remedy> kRemedies = {
    {absl::StatusCode::kNotFound, "`guichet models list` shows the versions"},
    {absl::StatusCode::kAlreadyExists, "choose another --feedback-id"}};

struct FeedbackOptions {
  ServerOptions server;
  std::string model;
  std::string ticket;
  std::string label;
  std::string predicted;
  std::int64_t version = 0;
  std::string subject;
  std::string body;
  std::string text_file;
  std::string feedback_id;
  bool quiet = false;
};

struct ReviewOptions {
  ServerOptions server;
  std::string model;
  std::int64_t limit = 20;
};

// The whole of a file or of stdin, its last line end put aside.
absl::StatusOr<std::string> ReadText(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    GUICHET_ASSIGN_OR_RETURN(text, ReadFile(file, kMaxTextBytes));
  }
  if (text.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: longer than {} bytes", file == "-" ? "stdin" : file, kMaxTextBytes));
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

absl::StatusOr<v1::SubmitFeedbackRequest> MakeRequest(const FeedbackOptions& options) {
  v1::SubmitFeedbackRequest request;
  request.set_feedback_id(options.feedback_id.empty() ? RandomRequestId() : options.feedback_id);
  request.set_ticket_id(options.ticket);
  request.set_model(options.model);
  request.set_version(options.version);
  request.set_predicted(options.predicted);
  request.set_label(options.label);
  request.set_subject(options.subject);
  request.set_body(options.body);
  if (!options.text_file.empty()) {
    GUICHET_ASSIGN_OR_RETURN(*request.mutable_body(), ReadText(options.text_file));
  }
  for (const std::string* text : {&request.ticket_id(), &request.model(), &request.predicted(),
                                  &request.label(), &request.subject(), &request.body()}) {
    if (ReplaceInvalidUtf8(*text) == *text) continue;
    return absl::InvalidArgumentError("ticket, label and text must be UTF-8; convert them first");
  }
  return request;
}

int Submit(const FeedbackOptions& options) {
  const auto request = MakeRequest(options);
  if (!request.ok()) return Fail(request.status());
  bool is_new_label = false;
  const int code = RunOperation(
      options.server, kRemedies, [&](OperatorClient& client) -> absl::StatusOr<OrderedJson> {
        const auto correction = client.SubmitFeedback(*request);
        if (!correction.ok()) {
          return WithDoubt(correction.status(),
                           fmt::format("with --feedback-id {} the same command "
                                       "counts once",
                                       request->feedback_id()));
        }
        is_new_label = correction->outcome() == v1::NEW_LABEL;
        return ToJson(*correction);
      });
  if (code == kExitOk && is_new_label) {
    ProgressBar(options.quiet)
        .Line(fmt::format("\"{}\" is a new label; `guichet jobs submit --include-feedback` "
                          "teaches it",
                          options.label));
  }
  return code;
}

int Review(const ReviewOptions& options) {
  const auto client = ConnectOperator(options.server);
  if (!client.ok()) return Fail(client.status());
  std::int64_t left = options.limit == 0 ? INT64_MAX : options.limit;
  v1::ListReviewQueueRequest request;
  request.set_model(options.model);
  while (left > 0) {
    request.set_page_size(static_cast<int>(std::min(left, kPageSize)));
    const auto page = (*client)->ListReviewQueue(request);
    if (!page.ok()) return FailAtOperation(options.server, page.status(), {});
    for (const v1::ReviewItem& item : page->items()) {
      if (left-- == 0) return kExitOk;
      const absl::Status written = WriteJsonLine(ToJson(item));
      if (!written.ok()) return Fail(written);
    }
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  return kExitOk;
}

void AddTicketOptions(CLI::App& command, FeedbackOptions& options) {
  command.add_option("--ticket", options.ticket, "the ticket's id, as it was classified with")
      ->type_name("ID");
  command
      .add_option("--label", options.label,
                  "its right category; one that the model does not have is taken as new")
      ->type_name("L");
  command.add_option("--predicted", options.predicted,
                     "what the model answered (default: as the review queue knows)");
  command
      .add_option("--version", options.version,
                  "the version that answered (default: as the review queue knows, else the one in "
                  "service)")
      ->check(CLI::Range(std::int64_t{1}, kMaxVersion))
      ->type_name("N");
  command.add_option("--subject", options.subject,
                     "the ticket's subject; without a text a correction counts and does not train");
  CLI::Option* body = command.add_option("--body", options.body, "the ticket's body");
  command.add_option("--text", options.text_file, "a file that holds its body; - is stdin")
      ->excludes(body)
      ->type_name("FILE");
  command
      .add_option("--feedback-id", options.feedback_id,
                  "the same one counts once a ticket (default: random)")
      ->check(RequestId());
  command.add_option("--model", options.model, "the model's name (default: the server's)");
}

void AddReview(CLI::App& feedback, CommandContext& context) {
  auto options = std::make_shared<ReviewOptions>();
  CLI::App* command = feedback.add_subcommand(
      "review", "uncorrected tickets that are most worth labelling, best first; a JSON line each");
  command->add_option("--limit", options->limit, "at most this many; 0: all")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 53))
      ->capture_default_str();
  command->add_option("--model", options->model, "the model's name (default: the server's)");
  AddServerOptions(*command, options->server, "time for each page, retries included");
  command->callback([&context, options] { context.run = [options] { return Review(*options); }; });
}

}  // namespace

void AddFeedbackCommands(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<FeedbackOptions>();
  CLI::App* command = app.add_subcommand(
      "feedback", "say what a ticket's category is; the last word on a ticket counts");
  command->require_subcommand(0, 1);
  AddTicketOptions(*command, *options);
  AddServerOptions(*command, options->server, "time for the call, retries included");
  AddReview(*command, context);
  command->callback([&context, options, command] {
    if (!command->get_subcommands().empty()) return;
    if (options->ticket.empty()) throw CLI::RequiredError("--ticket");
    if (options->label.empty()) throw CLI::RequiredError("--label");
    options->quiet = context.quiet;
    context.run = [options] { return Submit(*options); };
  });
}

}  // namespace guichet
