#include "server/config/config_table.h"

#include <array>
#include <iterator>
#include <utility>

#include "model/tracking/tracking_options.h"
#include "server/config/config_field_types.h"
#include "server/config/config_text_checks.h"

namespace guichet {
namespace {

using config_internal::Bytes;
using config_internal::Codec;
using config_internal::MakeField;
using config_internal::Place;
using std::chrono::milliseconds;

constexpr milliseconds kHour{3'600'000};
constexpr milliseconds kDay = 24 * kHour;
constexpr std::size_t kMiB = std::size_t{1} << 20;

constexpr std::array<ConfigSection, 8> kSections = {{
    {"server", "Where the server listens and how connections live."},
    {"model", "What is served and where it runs."},
    {"pipeline", "The queue, the batches and the workers."},
    {"limits", "What one caller may ask for; more is refused with the limit's name."},
    {"training", "Teaching new versions beside the service, and keeping them."},
    {"feedback", "What people say of answers, and what is worth asking them."},
    {"log", "The log, on standard error. A ticket's text is never in it."},
    {"tls", "PEM files. All empty: plaintext, for a trusted network or behind a proxy."},
}};

constexpr std::array<std::string_view, 4> kDtypes = {"auto", "fp32", "bf16", "int8"};
constexpr std::array<std::string_view, 3> kPriorities = {"idle", "low", "normal"};
constexpr std::array<std::string_view, 2> kLogFormats = {"text", "json"};
constexpr std::array<std::string_view, 5> kLogLevels = {"trace", "debug", "info", "warning",
                                                        "error"};

template <typename Section, typename T>
ConfigField Value(const Place& place, Section ServerConfig::* section, T Section::* member,
                  Range<T> range) {
  return config_internal::Ranged<Codec<T>>(place, section, member, range);
}

template <typename Section>
ConfigField Size(const Place& place, Section ServerConfig::* section, std::size_t Section::* member,
                 Range<std::size_t> range) {
  return config_internal::Ranged<Bytes>(place, section, member, range);
}

template <typename Section>
ConfigField Switch(const Place& place, Section ServerConfig::* section, bool Section::* member) {
  return MakeField<Codec<bool>>(place, section, member, "true or false",
                                [](bool) { return absl::OkStatus(); });
}

using TextCheck = absl::Status (*)(std::string_view);

// A text for which `check` holds; with `may_be_empty`, also the empty one.
template <typename Section>
ConfigField Text(const Place& place, Section ServerConfig::* section, std::string Section::* member,
                 std::string_view range, TextCheck check = CheckPlainText,
                 bool may_be_empty = true) {
  return MakeField<Codec<std::string>>(
      place, section, member, std::string(range), [=](const std::string& value) {
        GUICHET_RETURN_IF_ERROR(CheckPlainText(value));
        return may_be_empty && value.empty() ? absl::OkStatus() : check(value);
      });
}

template <typename Section>
ConfigField Choice(const Place& place, Section ServerConfig::* section,
                   std::string Section::* member, std::span<const std::string_view> choices) {
  return MakeField<Codec<std::string>>(
      place, section, member, "one of " + JoinChoices(choices),
      [choices](const std::string& value) { return CheckChoice(value, choices); });
}

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

std::vector<ConfigField> TrainingFields() {
  return {
      Text({"training", "folder",
            "Where jobs, versions and uploaded data sets are kept; made where it is missing. One "
            "server uses it at a time. Empty: this server trains nothing and remembers no "
            "versions."},
           &ServerConfig::training, &TrainingOptions::folder, "a folder or empty"),
      Text({"training", "dataset_roots",
            "Folders of this machine, separated by ':', whose files callers may name as data sets "
            "or base models. Empty: uploads only."},
           &ServerConfig::training, &TrainingOptions::dataset_roots, "folders or empty"),
      Text({"training", "trainer",
            "The program that trains, in a process of its own. Empty: guichet-trainer beside this "
            "program."},
           &ServerConfig::training, &TrainingOptions::trainer, "a program or empty"),
      Choice({"training", "priority",
              "Of the training process. idle: it computes while the service has nothing to do; "
              "low: nice 19; normal: as the service."},
             &ServerConfig::training, &TrainingOptions::priority, kPriorities),
      Text({"training", "track",
            "Where each job's run is written down besides: Weights & Biases' offline folders, "
            "TensorBoard's event files, an MLflow server. Variables of the environment such as "
            "WANDB_PROJECT and MLFLOW_TRACKING_TOKEN reach the training process. Empty: nowhere."},
           &ServerConfig::training, &TrainingOptions::track, std::string(kTrackForm) + ", or empty",
           CheckTrackers),
      Value({"training", "threads",
             "CPU threads of a job whose plan does not name a number. 0: all cores."},
            &ServerConfig::training, &TrainingOptions::threads, {0, 1'024}),
      Value({"training", "max_queued_jobs",
             "Jobs that may wait while one runs; more are refused with RESOURCE_EXHAUSTED."},
            &ServerConfig::training, &TrainingOptions::max_queued_jobs, {1, 1'000}),
      Size({"training", "max_dataset_size", "Bytes of one uploaded data set."},
           &ServerConfig::training, &TrainingOptions::max_dataset_size,
           {kMiB, std::size_t{1} << 40}),
      Size({"training", "max_datasets_size",
            "Bytes of all uploaded data sets together. The oldest that no waiting job needs make "
            "room for new ones."},
           &ServerConfig::training, &TrainingOptions::max_datasets_size,
           {kMiB, std::size_t{1} << 42}),
      Value({"training", "checkpoint_interval",
             "How often a job writes down where it is: what a crash costs at most."},
            &ServerConfig::training, &TrainingOptions::checkpoint_interval,
            {milliseconds(0), kDay}),
      Value({"training", "max_crashes",
             "A job whose process dies this often without getting any further has failed."},
            &ServerConfig::training, &TrainingOptions::max_crashes, {1, 1'000}),
      Value({"training", "keep_versions",
             "Versions of jobs that are kept, newest first. Pinned ones, the one in service and "
             "the one before it stay beyond that."},
            &ServerConfig::training, &TrainingOptions::keep_versions, {1, 10'000}),
  };
}

std::vector<ConfigField> FeedbackFields() {
  return {
      Value({"feedback", "max_corrections",
             "Corrections that are kept; what a later one of its ticket superseded makes room "
             "first, then more are refused with RESOURCE_EXHAUSTED."},
            &ServerConfig::feedback, &FeedbackOptions::max_corrections, {1, 10'000'000}),
      Value({"feedback", "max_predictions",
             "Recent uncertain answers in the review queue, of tickets with an id; the oldest make "
             "room. 0: none are kept."},
            &ServerConfig::feedback, &FeedbackOptions::max_predictions, {0, 200'000}),
      Switch({"feedback", "keep_texts",
              "Whether the review queue holds the tickets' texts too, so that a correction without "
              "one can train. They may hold personal data."},
             &ServerConfig::feedback, &FeedbackOptions::keep_texts),
      Value({"feedback", "accuracy_window",
             "How far back feedback counts for the metric guichet_feedback_accuracy_ratio."},
            &ServerConfig::feedback, &FeedbackOptions::accuracy_window,
            {milliseconds(60'000), 366 * kDay}),
      Value({"feedback", "drift_window",
             "Over which guichet_label_drift_psi compares the labels answered with those trained "
             "on."},
            &ServerConfig::feedback, &FeedbackOptions::drift_window,
            {milliseconds(60'000), 31 * kDay}),
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
        LimitsFields(), TrainingFields(), FeedbackFields(), LogFields(), TlsFields()}) {
    std::move(fields.begin(), fields.end(), std::back_inserter(all));
  }
  return all;
}

std::span<const ConfigSection> ConfigSections() { return kSections; }

}  // namespace guichet
