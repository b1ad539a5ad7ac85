#include "server/config/config_table.h"

#include <array>
#include <iterator>
#include <utility>

#include "server/config/config_table_rows.h"
#include "server/config/config_text_checks.h"

namespace guichet {
namespace {

using config_internal::Choice;
using config_internal::kDay;
using config_internal::kHour;
using config_internal::kMiB;
using config_internal::Size;
using config_internal::Switch;
using config_internal::Text;
using config_internal::Value;
using std::chrono::milliseconds;

constexpr std::array<ConfigSection, 9> kSections = {{
    {"server", "Where the server listens and how connections live."},
    {"model", "What is served and where it runs."},
    {"pipeline", "The queue, the batches and the workers."},
    {"limits", "What one caller may ask for; more is refused with the limit's name."},
    {"training", "Teaching new versions beside the service, and keeping them."},
    {"feedback", "What people say of answers, and what is worth asking them."},
    {"generation", "Writing text with an encoder-decoder model, out of classification's way."},
    {"log", "The log, on standard error. A ticket's text is never in it."},
    {"tls", "PEM files. All empty: plaintext, for a trusted network or behind a proxy."},
}};

constexpr std::array<std::string_view, 4> kDtypes = {"auto", "fp32", "bf16", "int8"};
constexpr std::array<std::string_view, 2> kLogFormats = {"text", "json"};
constexpr std::array<std::string_view, 5> kLogLevels = {"trace", "debug", "info", "warning",
                                                        "error"};

std::vector<ConfigField> ListenFields() {
  return {
      Text({"server", "address",
            "Where gRPC listens. 0.0.0.0 is every network interface of the machine, as a container "
            "needs; on a machine of your own 127.0.0.1:50051 keeps others out. Port 0 takes a free "
            "one."},
           &ServerConfig::server, &ListenOptions::address, "HOST:PORT", CheckAddress, false),
      Text({"server", "http_address",
            "Where /metrics, /healthz and /readyz are served over HTTP. Empty: not at all."},
           &ServerConfig::server, &ListenOptions::http_address, "HOST:PORT or empty", CheckAddress),
      Value({"server", "drain_timeout",
             "After SIGTERM, how long calls in progress may take before they are cut off."},
            &ServerConfig::server, &ListenOptions::drain_timeout, {milliseconds(0), kHour}),
      Value({"server", "drain_notice",
             "After SIGTERM, how long the server still takes calls while its health says "
             "NOT_SERVING, so that clients and load balancers can turn away."},
            &ServerConfig::server, &ListenOptions::drain_notice,
            {milliseconds(0), milliseconds(60'000)}),
      Switch({"server", "reflection",
              "Whether grpcurl and other tools may ask the server for its services."},
             &ServerConfig::server, &ListenOptions::reflection),
  };
}

std::vector<ConfigField> ConnectionFields() {
  return {
      Value({"server", "max_connection_age",
             "A connection older than this is asked to reconnect, so that clients behind a load "
             "balancer find new replicas. 0: never."},
            &ServerConfig::server, &ListenOptions::max_connection_age, {milliseconds(0), kDay}),
      Value({"server", "max_connection_age_grace",
             "How long calls and streams of such a connection may still take. 0: until they end; "
             "then a "
             "stream that never ends keeps its connection."},
            &ServerConfig::server, &ListenOptions::max_connection_age_grace,
            {milliseconds(0), kHour}),
      Value({"server", "max_connection_idle",
             "A connection without calls for this long is closed. 0: never."},
            &ServerConfig::server, &ListenOptions::max_connection_idle, {milliseconds(0), kDay}),
      Value({"server", "keepalive_time",
             "The server pings a connection that was silent for this long."},
            &ServerConfig::server, &ListenOptions::keepalive_time, {milliseconds(1'000), kDay}),
      Value({"server", "keepalive_timeout",
             "It closes the connection when the ping is not answered within this."},
            &ServerConfig::server, &ListenOptions::keepalive_timeout, {milliseconds(100), kHour}),
      Value({"server", "min_ping_interval",
             "Clients may ping this often; one that pings more is disconnected."},
            &ServerConfig::server, &ListenOptions::min_ping_interval, {milliseconds(1'000), kHour}),
      Value({"server", "handshake_timeout",
             "A new connection must have finished its handshake within this."},
            &ServerConfig::server, &ListenOptions::handshake_timeout,
            {milliseconds(100), milliseconds(120'000)}),
      Size({"server", "memory_quota",
            "Memory that gRPC may use for buffers of all connections together."},
           &ServerConfig::server, &ListenOptions::memory_quota, {16 * kMiB, std::size_t{1} << 40}),
  };
}

std::vector<ConfigField> ModelFields() {
  return {
      Text({"model", "path",
            "The bundle to serve: a folder that `guichet bundle import` or `guichet train` made. "
            "Must be given."},
           &ServerConfig::model, &ModelOptions::path, "a folder"),
      Text({"model", "name", "The model's name for callers. Empty: the name in the bundle."},
           &ServerConfig::model, &ModelOptions::name, "a name or empty"),
      Text({"model", "device",
            "Where the model runs. auto: the first GPU if there is one, else the CPU."},
           &ServerConfig::model, &ModelOptions::device, "auto, cpu, cuda or cuda:N", CheckDevice,
           false),
      Choice({"model", "dtype",
              "What it computes in. auto: bf16 on a GPU, fp32 on a CPU. int8 is for CPUs."},
             &ServerConfig::model, &ModelOptions::dtype, kDtypes),
      Value({"model", "warm_up_batches",
             "Batches run before the server listens, so that the first caller does not pay for the "
             "start."},
            &ServerConfig::model, &ModelOptions::warm_up_batches, {0, 100}),
  };
}

std::vector<ConfigField> QueueFields() {
  return {
      Value({"pipeline", "max_queue_texts",
             "Texts that may wait for a batch; more are refused with RESOURCE_EXHAUSTED and a time "
             "to retry."},
            &ServerConfig::pipeline, &PipelineOptions::max_queue_texts,
            PipelineOptions::kMaxQueueTexts),
      Value({"pipeline", "max_queue_tokens", "Tokens that may wait for a batch."},
            &ServerConfig::pipeline, &PipelineOptions::max_queue_tokens,
            PipelineOptions::kMaxQueueTokens),
      Value({"pipeline", "max_queue_wait",
             "A text that would wait longer than this, judged by recent batches, is refused in the "
             "same way: it bounds how late answers become under overload."},
            &ServerConfig::pipeline, &PipelineOptions::max_queue_wait,
            PipelineOptions::kMaxQueueWait),
      Value({"pipeline", "max_batch_tokens",
             "Tokens of one batch, the sum over its texts: nothing is padded. One longer text may "
             "go alone. More means more throughput up to what the device can use, and longer "
             "answers for everybody in the batch."},
            &ServerConfig::pipeline, &PipelineOptions::max_batch_tokens,
            PipelineOptions::kMaxBatchTokens),
      Value({"pipeline", "max_batch_texts", "Texts of one batch."}, &ServerConfig::pipeline,
            &PipelineOptions::max_batch_texts, PipelineOptions::kMaxBatchTexts),
      Value({"pipeline", "max_batch_wait",
             "How long an idle worker waits for more texts before it starts a batch that is not "
             "full. 0 is best unless measured otherwise: batches grow by themselves while the "
             "device is busy."},
            &ServerConfig::pipeline, &PipelineOptions::max_batch_wait,
            PipelineOptions::kMaxBatchWait),
      Value({"pipeline", "length_window_texts",
             "A batch is chosen among this many texts at the front of the queue, shortest first so "
             "that lengths match. 1: strict order of arrival."},
            &ServerConfig::pipeline, &PipelineOptions::length_window_texts,
            PipelineOptions::kLengthWindowTexts),
      Value({"pipeline", "max_length_sort_delay",
             "A text that has waited this long is taken first, whatever its length."},
            &ServerConfig::pipeline, &PipelineOptions::max_length_sort_delay,
            PipelineOptions::kMaxLengthSortDelay),
      Value({"pipeline", "min_refusal_wait",
             "A call that the queue would keep beyond its deadline is refused at once with "
             "DEADLINE_EXCEEDED, unless the expected wait is shorter than this. 1h: never refused "
             "for it."},
            &ServerConfig::pipeline, &PipelineOptions::min_refusal_wait,
            PipelineOptions::kMinRefusalWait),
  };
}

std::vector<ConfigField> WorkerFields() {
  return {
      Value(
          {"pipeline", "workers",
           "Threads that run batches, each with a batch of its own in flight. 0: on a GPU one, on "
           "a CPU one for each core, at most 8: on two cores that answered 1.2 times the texts of "
           "one worker with both cores. 1 makes a single text's answer fastest on an idle "
           "machine."},
          &ServerConfig::pipeline, &PipelineOptions::workers, PipelineOptions::kWorkers),
      Value({"pipeline", "threads_per_worker",
             "CPU threads of one batch's operations. 0: the cores divided by the workers."},
            &ServerConfig::pipeline, &PipelineOptions::threads_per_worker,
            PipelineOptions::kThreadsPerWorker),
      Value(
          {"pipeline", "worker_nice",
           "By how much the workers give way on a CPU, as nice(2) counts: calls are taken, refused "
           "and answered while batches compute. 0: not at all, for a machine whose other programs "
           "should not gain by it."},
          &ServerConfig::pipeline, &PipelineOptions::worker_nice, PipelineOptions::kWorkerNice),
      Value({"pipeline", "stuck_device_wait",
             "When the server ends, how long it waits for a batch on the device before it leaves "
             "it behind."},
            &ServerConfig::pipeline, &PipelineOptions::stuck_device_wait,
            PipelineOptions::kStuckDeviceWait),
  };
}

std::vector<ConfigField> LimitsFields() {
  return {
      Size({"limits", "message_bytes", "Bytes of one request message."}, &ServerConfig::limits,
           &RequestLimits::message_bytes, {1'024, 64 * kMiB}),
      Value({"limits", "texts_per_call", "Texts of one Classify call."}, &ServerConfig::limits,
            &RequestLimits::texts_per_call, {1, 65'536}),
      Value({"limits", "characters_per_text",
             "Characters (Unicode code points) of one text, subject and body together. What the "
             "model does not read is cut anyway; this bounds the work to find that out."},
            &ServerConfig::limits, &RequestLimits::characters_per_text, {1, 10'000'000}),
      Value({"limits", "ticket_id_bytes", "Bytes of the identifier a caller gives a text."},
            &ServerConfig::limits, &RequestLimits::ticket_id_bytes, {0, 65'536}),
      Value({"limits", "streams_per_connection",
             "Calls open on one connection; further ones wait in the client."},
            &ServerConfig::limits, &RequestLimits::streams_per_connection, {1, 10'000}),
      Value({"limits", "in_flight_per_connection",
             "Calls of one connection being answered; further ones are refused with "
             "RESOURCE_EXHAUSTED."},
            &ServerConfig::limits, &RequestLimits::in_flight_per_connection, {1, 10'000}),
      Size({"limits", "in_flight_bytes",
            "Bytes of the requests that are being answered, of all connections together; more are "
            "refused RESOURCE_EXHAUSTED before they are read into messages."},
           &ServerConfig::limits, &RequestLimits::in_flight_bytes, {kMiB, std::size_t{1} << 40}),
      Value({"limits", "in_flight_texts_per_stream",
             "Texts of one StreamClassify call being answered; the server reads on when there is "
             "room."},
            &ServerConfig::limits, &RequestLimits::in_flight_texts_per_stream, {1, 65'536}),
  };
}

std::vector<ConfigField> LogFields() {
  return {
      Choice({"log", "format", "text is for people, json for machines: an object a line."},
             &ServerConfig::log, &LogOptions::format, kLogFormats),
      Choice(
          {"log", "level", "The least important messages that are written. SIGHUP reads it anew."},
          &ServerConfig::log, &LogOptions::level, kLogLevels),
  };
}

std::vector<ConfigField> TlsFields() {
  return {
      Text({"tls", "certificate", "The server's certificate chain. SIGHUP reads it anew."},
           &ServerConfig::tls, &TlsOptions::certificate, "a file or empty"),
      Text({"tls", "key", "The certificate's private key."}, &ServerConfig::tls, &TlsOptions::key,
           "a file or empty"),
      Text({"tls", "client_ca",
            "When given, clients must show a certificate that one of these authorities signed."},
           &ServerConfig::tls, &TlsOptions::client_ca, "a file or empty"),
  };
}

}  // namespace

std::vector<ConfigField> ConfigTable() {
  std::vector<ConfigField> all;
  for (std::vector<ConfigField> fields :
       {ListenFields(), ConnectionFields(), ModelFields(), QueueFields(), WorkerFields(),
        LimitsFields(), config_internal::OperationsFields(), LogFields(), TlsFields()}) {
    std::move(fields.begin(), fields.end(), std::back_inserter(all));
  }
  return all;
}

std::span<const ConfigSection> ConfigSections() { return kSections; }

}  // namespace guichet
