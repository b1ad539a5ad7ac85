#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "client/cli/command.h"
#include "client/cli/commands/server_commands.h"
#include "client/cli/input.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/prediction_line.h"
#include "client/cli/server_options.h"
#include "client/cli/ticket_feed.h"
#include "client/client.h"

namespace guichet {
namespace {

// Refused records kept at most while answers before them are awaited.
constexpr std::size_t kMaxWaitingLines = 100'000;

struct ClassifyFileOptions {
  ServerOptions server{.timeout_seconds = 60};
  InputOptions input;
  ClassifyOptions classify;
  ManyOptions many;
};

// Errors that every further call would meet as well.
bool IsForEveryCall(const absl::Status& error) {
  switch (error.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

// Joins the answers with the inputs that were refused before they were sent, in the file's order.
class FileClassifier {
 public:
  FileClassifier(TicketFeed& tickets, const ClassifyFileOptions& options)
      : tickets_(tickets), options_(options) {}

  void Run(Connection& connection) {
    ClassifyMany(
        connection, options_.classify, options_.many,
        {.next = [this] { return NextTicket(); },
         .take = [this](const absl::StatusOr<ClassifiedTicket>& answer) { return Take(answer); },
         .stop = Interrupted,
         .ready = [this] { return IsReady(); }});
    if (Interrupted()) EndInterrupted();
    if (at_server_.ok()) WriteRefused();
  }

  bool any_failed() const { return any_failed_; }
  const absl::Status& at_input() const { return at_input_; }    // the input could not be read on
  const absl::Status& at_output() const { return at_output_; }  // stdout cannot be written
  const absl::Status& at_server() const { return at_server_; }  // no use in asking on

 private:
  struct Line {
    std::string id;
    absl::Status refused;  // OK: sent, its answer is to come
  };

  std::optional<TicketText> NextTicket() {
    while (!ahead_.has_value() && !ended_) {
      // Nothing is under way now: what was refused need not wait for the next ticket.
      if (!tickets_.ready() && !(WriteRefused() && Flush())) return std::nullopt;
      ReadOne();
    }
    return std::exchange(ahead_, std::nullopt);
  }

  // Whether NextTicket need not wait.
  bool IsReady() {
    while (!ahead_.has_value() && !ended_ && tickets_.ready()) ReadOne();
    return ahead_.has_value() || ended_;
  }

  void ReadOne() {
    auto ticket = tickets_.Next();
    if (ticket.ok()) {
      ended_ = !ticket->has_value();
      if (ended_) return;
      lines_.push_back({(*ticket)->id, absl::OkStatus()});
      ahead_ = TicketText{.id = std::move((*ticket)->id),
                          .subject = std::move((*ticket)->subject),
                          .body = std::move((*ticket)->body)};
    } else if (ticket.status().code() != absl::StatusCode::kInvalidArgument) {
      ended_ = true;
      at_input_ = ticket.status();
    } else if (lines_.size() >= kMaxWaitingLines) {
      ended_ = true;
      at_input_ = absl::Status(ticket.status().code(),
                               std::string(ticket.status().message()) + "; too many such lines");
    } else {
      lines_.push_back({"", ticket.status()});
    }
  }

  bool Take(const absl::StatusOr<ClassifiedTicket>& answer) {
    if (!WriteRefused()) return false;
    const Line line = std::move(lines_.front());
    lines_.pop_front();
    if (!answer.ok()) {
      // A deadline that passes is this ticket's: the server was there, and may only be slow.
      const bool gone = answer.status().code() != absl::StatusCode::kDeadlineExceeded &&
                        IsUnreachable(answer.status());
      if (gone || IsForEveryCall(answer.status())) {
        at_server_ = answer.status();
        return false;
      }
      return Write(line.id, answer.status());
    }
    PredictionFields fields{.id = line.id, .scores = {}};
    for (const auto& [label, score] : answer->scores) fields.scores.emplace_back(label, score);
    fields.abstained = answer->abstained;
    fields.tokens = answer->tokens;
    fields.truncated = answer->truncated;
    fields.version = answer->version;
    return Write(PredictionLine(fields));
  }

  bool WriteRefused() {
    while (!lines_.empty() && !lines_.front().refused.ok()) {
      if (!Write(lines_.front().id, lines_.front().refused)) return false;
      lines_.pop_front();
    }
    return true;
  }

  bool Write(const std::string& id, const absl::Status& error) {
    any_failed_ = true;
    return Write(ErrorLine(id, error));
  }

  bool Write(const OrderedJson& line) {
    at_output_ = WriteJsonLine(line);
    if (at_output_.ok() && !tickets_.ready()) return Flush();
    return at_output_.ok();
  }

  bool Flush() {
    at_output_ = FlushJsonLines();
    return at_output_.ok();
  }

  TicketFeed& tickets_;
  const ClassifyFileOptions& options_;
  std::optional<TicketText> ahead_;  // read, not yet handed over
  bool ended_ = false;               // nothing more will be read
  std::deque<Line> lines_;           // read, not yet written
  bool any_failed_ = false;
  absl::Status at_input_;
  absl::Status at_output_;
  absl::Status at_server_;
};

int ClassifyFile(ClassifyFileOptions& options) {
  auto reader = OpenInput(options.input, /*allow_empty=*/false);
  if (!reader.ok()) return Fail(reader.status());
  const ClientOptions client_options = ToClientOptions(options.server);
  options.many.call_timeout = client_options.timeout;
  const auto client = Client::Connect(client_options);
  if (!client.ok()) return Fail(client.status());
  // Nobody there is known at once; a server that leaves later is waited for, as retries do.
  const auto health = client->CheckHealth({.timeout = client_options.timeout});
  if (!health.ok() && IsUnreachable(health.status())) {
    return FailAtServer(options.server, health.status());
  }
  TicketFeed tickets(*std::move(reader), IsLive(options.input));
  FileClassifier classifier(tickets, options);
  classifier.Run(client->connection());
  if (!classifier.at_output().ok()) return Fail(classifier.at_output());
  if (!classifier.at_server().ok()) return FailAtServer(options.server, classifier.at_server());
  if (!classifier.at_input().ok()) return Fail(classifier.at_input());
  return classifier.any_failed() ? Fail("some inputs failed; their lines say why") : int{kExitOk};
}

}  // namespace

void AddClassifyCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<ClassifyFileOptions>();
  CLI::App* command = app.add_subcommand(
      "classify", "classify texts with a server; a JSON line each, in the file's order");
  AddInputOptions(*command, options->input);
  AddServerOptions(*command, options->server, "time for each call, retries included");
  command->add_option("--model", options->classify.model,
                      "the model's name (default: the server's)");
  command
      ->add_option("--version", options->classify.version,
                   "of the model; 0: the version in service")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 53))
      ->capture_default_str();
  command->add_option("--top-k", options->classify.top_k, "labels shown, best first; 0: all")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command
      ->add_option("--min-score", options->classify.min_score,
                   "leave out labels below this probability; the best one stays")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--texts-per-call", options->many.tickets_per_call, "texts of one call")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--concurrency", options->many.calls_in_flight, "calls under way at once")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->callback(
      [&context, options] { context.run = [options] { return ClassifyFile(*options); }; });
}

}  // namespace guichet
