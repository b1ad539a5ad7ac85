#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/status_macros.h"
#include "client/cli/bench/load_generator.h"
#include "client/cli/command.h"
#include "client/cli/commands/server_commands.h"
#include "client/cli/input.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/server_options.h"
#include "client/connection.h"
#include "model/data/ticket_generator.h"

namespace guichet {
namespace {

// A server answers at most 200 calls of one connection at once by default.
constexpr int kCallsPerConnection = 100;
constexpr int kOpenLoopConnections = 4;
constexpr std::size_t kMaxTexts = 1'000'000;
constexpr int kSyntheticTexts = 2'000;

struct BenchOptions {
  ServerOptions server;
  LoadOptions load;
  InputOptions texts;
  double seconds = 10;
  double warm_up_seconds = 1;
  int connections = 0;
};

absl::StatusOr<std::vector<TicketText>> ReadTexts(const InputOptions& input) {
  std::vector<TicketText> texts;
  if (input.file.empty()) {
    TicketGenerator generator({});
    for (int i = 0; i < kSyntheticTexts; ++i) {
      const Ticket ticket = generator.Next();
      texts.push_back({.id = "", .subject = ticket.subject, .body = ticket.body});
    }
    return texts;
  }
  GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(input, /*allow_empty=*/false));
  while (texts.size() < kMaxTexts) {
    const auto ticket = reader->Next();
    if (absl::IsInvalidArgument(ticket.status())) continue;  // a blank line, say
    GUICHET_RETURN_IF_ERROR(ticket.status());
    if (!*ticket) break;
    texts.push_back({.id = (*ticket)->id, .subject = (*ticket)->subject, .body = (*ticket)->body});
  }
  if (texts.empty()) return absl::InvalidArgumentError(input.file + " holds no texts");
  return texts;
}

absl::StatusOr<std::vector<std::shared_ptr<Connection>>> Connect(const BenchOptions& options) {
  ClientOptions client = ToClientOptions(options.server);
  client.retry.max_attempts = 1;  // what the server refuses is to be seen, not repaired
  const int wanted = options.load.rate > 0
                         ? kOpenLoopConnections
                         : (options.load.concurrency - 1) / kCallsPerConnection + 1;
  std::vector<std::shared_ptr<Connection>> connections;
  for (int i = 0; i < (options.connections > 0 ? options.connections : wanted); ++i) {
    GUICHET_ASSIGN_OR_RETURN(auto connection, MakeConnection(client));
    connections.push_back(std::move(connection));
  }
  return connections;
}

// Milliseconds with microseconds as their smallest part, which is what is measured.
double Milliseconds(std::chrono::nanoseconds duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(duration);
  return static_cast<double>(whole.count()) / 1000.0;
}

OrderedJson ToJson(const LatencyHistogram& latencies) {
  return {{"mean", Milliseconds(latencies.mean())},
          {"p50", Milliseconds(latencies.Quantile(0.5))},
          {"p95", Milliseconds(latencies.Quantile(0.95))},
          {"p99", Milliseconds(latencies.Quantile(0.99))},
          {"p99.9", Milliseconds(latencies.Quantile(0.999))},
          {"max", Milliseconds(latencies.max())}};
}

OrderedJson ToJson(const BenchOptions& options, const LoadReport& report, std::size_t connections) {
  OrderedJson json;
  if (options.load.rate > 0) {
    json["mode"] = "open";
    json["rate"] = options.load.rate;
  } else {
    json["mode"] = "closed";
    json["concurrency"] = options.load.concurrency;
  }
  const double seconds = std::max(report.seconds, 1e-9);
  const auto per_second = [seconds](std::int64_t count) {
    return std::round(static_cast<double>(count) / seconds * 10.0) / 10.0;
  };
  json["connections"] = connections;
  json["texts_per_call"] = options.load.texts_per_call;
  json["seconds"] = report.seconds;
  json["calls"] = report.calls;
  json["texts"] = report.texts;
  json["calls_per_second"] = per_second(report.calls);
  json["texts_per_second"] = per_second(report.texts);
  json["latency_ms"] = ToJson(report.latencies);
  if (report.refusals.count() > 0) json["refusal_ms"] = ToJson(report.refusals);
  json["errors"] = OrderedJson::object();
  for (const auto& [code, count] : report.errors) json["errors"][code] = count;
  return json;
}

int Bench(BenchOptions& options) {
  const auto texts = ReadTexts(options.texts);
  if (!texts.ok()) return Fail(texts.status());
  auto connections = Connect(options);
  if (!connections.ok()) return Fail(connections.status());
  const auto milliseconds = [](double seconds) {
    return std::chrono::milliseconds(std::llround(seconds * 1000));
  };
  options.load.duration = milliseconds(options.seconds);
  options.load.warm_up = milliseconds(options.warm_up_seconds);
  options.load.call_timeout = milliseconds(options.server.timeout_seconds);
  // abseil as distributions build it looks for deadlocks at every lock: work of ours that would
  // take a good part of a machine that both sides share.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const LoadReport report = GenerateLoad(*connections, *texts, options.load, Interrupted);
  const absl::Status written = WriteJsonLine(ToJson(options, report, connections->size()));
  if (!written.ok()) return Fail(written);
  if (report.texts == 0 && !report.first_error.ok()) {
    return FailAtServer(options.server, report.first_error);
  }
  return kExitOk;
}

}  // namespace

void AddBenchCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand(
      "bench",
      "load a server and measure it: texts a second, latencies of answers and of refusals, errors "
      "by code, as JSON");
  AddServerOptions(*command, options->server, "time for each call; nothing is retried");
  CLI::Option* concurrency =
      command
          ->add_option("--concurrency", options->load.concurrency,
                       "closed loop: callers that each wait for their answer")
          ->check(CLI::Range(1, 100'000))
          ->capture_default_str();
  command
      ->add_option("--rate", options->load.rate,
                   "open loop: calls a second at random times, latency from the intended time")
      ->check(CLI::Range(0.01, 1e6))
      ->excludes(concurrency);
  command->add_option("--seconds", options->seconds, "how long it measures")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command->add_option("--warm-up", options->warm_up_seconds, "seconds before that, not measured")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command
      ->add_option("--texts", options->texts.file,
                   "texts to send, in turn, with their ids (default: synthetic tickets)")
      ->type_name("FILE");
  AddInputForm(*command, options->texts);
  command->add_option("--texts-per-call", options->load.texts_per_call, "texts of one call")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      ->add_option("--connections", options->connections,
                   "0: one for each 100 callers, or 4 in an open loop")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command
      ->add_option("--max-in-flight", options->load.max_in_flight,
                   "open loop: calls under way at most; others count as NOT_SENT")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--seed", options->load.seed, "of the open loop's arrivals")
      ->capture_default_str();
  command->callback([&context, options] { context.run = [options] { return Bench(*options); }; });
}

}  // namespace guichet
