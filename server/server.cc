#include "server/server.h"

#include <atomic>
#include <climits>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "base/mutex.h"
#include "base/status_macros.h"
#include "guichet/v1/feedback.grpc.pb.h"
#include "guichet/v1/models.grpc.pb.h"
#include "guichet/v1/training.grpc.pb.h"
#include "server/rpc/classification_service.h"
#include "server/rpc/device_watch.h"
#include "server/rpc/generation_service.h"
#include "server/rpc/health.h"
#include "server/rpc/inference_service.h"
#include "server/rpc/reflection.h"
#include "server/security/reloadable_certificates.h"
#include "server/server_operations.h"
#include "server/telemetry/http_endpoint.h"
#include "server/telemetry/log.h"
#include "server/telemetry/process_collector.h"

namespace guichet {
namespace {

// Batches that must fail one after the other before health says NOT_SERVING: one or two may be
// chance, a lost device fails all.
constexpr int kDeviceErrorsToFail = 3;
// Reflection and health run on threads of gRPC's own; this bounds them.
constexpr int kMaxGrpcThreads = 16;

// gRPC's own warnings as lines of our log.
void LogForGrpc(gpr_log_func_args* line) {
  const LogLevel level =
      line->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  Log(level, "grpc", {{"message", line->message}});
}

int OrForEver(std::chrono::milliseconds time) {
  return time.count() == 0 ? INT_MAX : static_cast<int>(time.count());
}

void SetConnectionOptions(const ServerConfig& config, grpc::ServerBuilder& builder) {
  const ListenOptions& listen = config.server;
  builder.SetMaxReceiveMessageSize(static_cast<int>(config.limits.message_bytes));
  const auto set = [&builder](const char* name, int value) {
    builder.AddChannelArgument(name, value);
  };
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(config.limits.streams_per_connection));
  set(GRPC_ARG_MAX_CONNECTION_AGE_MS, OrForEver(listen.max_connection_age));
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, OrForEver(listen.max_connection_age_grace));
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, OrForEver(listen.max_connection_idle));
  set(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(listen.keepalive_time.count()));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(listen.keepalive_timeout.count()));
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      static_cast<int>(listen.min_ping_interval.count()));
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, static_cast<int>(listen.handshake_timeout.count()));
  // Else a second server on the same port would start and take half of the connections.
  set(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("guichet");
  quota.Resize(listen.memory_quota);
  quota.SetMaxThreads(kMaxGrpcThreads);
  builder.SetResourceQuota(quota);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

void ExportLimits(const ServerConfig& config, prometheus::Registry& registry) {
  const auto put = [&registry](const char* name, std::size_t value) {
    ServerMetrics::ExportLimit(registry, name, static_cast<double>(value));
  };
  put("queue_texts", config.pipeline.max_queue_texts);
  put("queue_tokens", config.pipeline.max_queue_tokens);
  put("batch_texts", config.pipeline.max_batch_texts);
  put("batch_tokens", config.pipeline.max_batch_tokens);
  put("message_bytes", config.limits.message_bytes);
  put("texts_per_call", config.limits.texts_per_call);
  put("characters_per_text", config.limits.characters_per_text);
  put("ticket_id_bytes", config.limits.ticket_id_bytes);
  put("streams_per_connection", config.limits.streams_per_connection);
  put("in_flight_per_connection", config.limits.in_flight_per_connection);
  put("in_flight_bytes", config.limits.in_flight_bytes);
  put("in_flight_texts_per_stream", config.limits.in_flight_texts_per_stream);
  put("generation_queued_calls", config.generation.max_queued_calls);
  put("queued_jobs", config.training.max_queued_jobs);
  put("dataset_bytes", config.training.max_dataset_size);
  put("datasets_bytes", config.training.max_datasets_size);
  put("corrections", config.feedback.max_corrections);
  put("review_predictions", config.feedback.max_predictions);
  put("grpc_memory_bytes", config.server.memory_quota);
}

std::vector<std::string> ServicesOf(const ServerConfig& config) {
  std::vector<std::string> services = {
      v1::Classification::service_full_name(), v1::Training::service_full_name(),
      v1::Models::service_full_name(), v1::Feedback::service_full_name(),
      inference::GRPCInferenceService::service_full_name()};
  if (!config.generation.model.empty()) services.push_back(v1::Generation::service_full_name());
  return services;
}

RpcOptions MakeRpcOptions(const ServerConfig& config) {
  RpcOptions options;
  options.limits = config.limits;
  return options;
}

}  // namespace

// Members are destroyed in reverse: ports, then services, then pipeline, then models.
struct Server::State {
  State(const ServerConfig& given_config, ServerParts given_parts);

  absl::Status LoadModel();
  absl::Status LoadGenerator();
  absl::Status Listen();
  absl::Status OpenHttp();
  HttpContent MakeHttpContent();

  const ServerConfig config;
  const ServerParts parts;
  const std::shared_ptr<prometheus::Registry> registry;
  ServerMetrics metrics;
  ModelMetrics model_metrics;
  GenerationMetrics generation_metrics;
  HealthService health;
  DeviceWatch device_watch;
  ModelRegistry models;
  InferencePipeline pipeline;
  PeerLimits peers;
  ByteBudget bytes;
  WorkPool tokenizers;
  RpcEnvironment environment;
  GenerationEnvironment generation{.rpc = environment};
  std::unique_ptr<GenerationWorker> generation_worker;  // null: nothing is generated
  ClassificationService classification;
  GenerationService generation_service;
  InferenceService inference_service;
  std::unique_ptr<ServerOperations> operations;          // from Start
  std::unique_ptr<ReloadableCertificates> certificates;  // null: no TLS
  std::unique_ptr<HttpEndpoint> http;
  std::unique_ptr<grpc::Server> grpc;
  int grpc_port = 0;
};

Server::State::State(const ServerConfig& given_config, ServerParts given_parts)
    : config(given_config),
      parts(std::move(given_parts)),
      registry(std::make_shared<prometheus::Registry>()),
      metrics(*registry, {.max_batch_texts = config.pipeline.max_batch_texts,
                          .max_batch_tokens = config.pipeline.max_batch_tokens}),
      model_metrics(registry),
      generation_metrics(*registry),
      health(ServicesOf(config)),
      device_watch(metrics, kDeviceErrorsToFail,
                   [this](bool healthy) { health.SetDeviceHealthy(healthy); }),
      models(parts.loader,
             {.batches = config.model.warm_up_batches,
              .batch_tokens = config.pipeline.max_batch_tokens,
              .batch_texts = config.pipeline.max_batch_texts},
             model_metrics, *parts.clock),
      pipeline(config.pipeline, *parts.clock, device_watch, parts.on_worker_start),
      peers(config.limits.in_flight_per_connection),
      bytes(config.limits.in_flight_bytes),
      tokenizers("tokenizer", MakeRpcOptions(config).tokenizer_threads,
                 MakeRpcOptions(config).tokenizer_queue_bytes),
      environment{.options = MakeRpcOptions(config),
                  .clock = *parts.clock,
                  .registry = models,
                  .pipeline = pipeline,
                  .metrics = metrics,
                  .peers = peers,
                  .bytes = bytes,
                  .tokenizers = tokenizers},
      classification(environment, *registry),
      generation_service(generation, *registry),
      inference_service(
          environment, *registry, [this] { return health.serving(); }, parts.version) {
  ServerMetrics::ExportBuild(*registry, parts.version);
  ExportLimits(config, *registry);
}

absl::Status Server::State::LoadModel() {
  GUICHET_ASSIGN_OR_RETURN(operations,
                           ServerOperations::Open(config, environment, models, *registry));
  environment.predictions = operations->predictions();
  GUICHET_RETURN_IF_ERROR(operations->LoadModel());
  const absl::StatusOr<VersionLease> loaded = models.Acquire({});
  GUICHET_RETURN_IF_ERROR(loaded.status());
  const TextClassifier& classifier = *(*loaded)->classifier;
  Log(LogLevel::kInfo, "model loaded",
      {{"model", (*loaded)->name},
       {"version", (*loaded)->version},
       {"device", classifier.device()},
       {"dtype", classifier.dtype()},
       {"labels", classifier.labels().size()},
       {"weight_bytes", classifier.weight_bytes()}});
  return absl::OkStatus();
}

absl::Status Server::State::LoadGenerator() {
  if (config.generation.model.empty()) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(auto generator, parts.generator_loader(config.generation));
  Log(LogLevel::kInfo, "generator loaded",
      {{"model", config.generation.model},
       {"device", generator->device()},
       {"dtype", generator->dtype()},
       {"weight_bytes", generator->weight_bytes()}});
  generation_worker =
      std::make_unique<GenerationWorker>(std::move(generator), config.generation, *parts.clock,
                                         generation_metrics, parts.on_worker_start);
  generation.model = config.generation.model;
  generation.worker = generation_worker.get();
  return absl::OkStatus();
}

absl::Status Server::State::Listen() {
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (!config.tls.certificate.empty()) {
    GUICHET_ASSIGN_OR_RETURN(certificates, ReloadableCertificates::Open(config.tls, *parts.clock));
    credentials = certificates->Credentials();
    ServerMetrics::ExportCertificateExpiry(*registry, certificates->expiry());
  }
  grpc::ServerBuilder builder;
  SetConnectionOptions(config, builder);
  SetReflection(builder, config.server.reflection);
  builder.RegisterService(&classification);
  builder.RegisterService(&generation_service);
  builder.RegisterService(&inference_service);
  operations->RegisterServices(builder);
  builder.RegisterService(&health);
  builder.AddListeningPort(config.server.address, credentials, &grpc_port);
  grpc = builder.BuildAndStart();
  if (grpc == nullptr || grpc_port == 0) {
    return absl::UnavailableError(
        fmt::format("server.address: cannot listen on {}; is the port taken or the address not of "
                    "this machine?",
                    config.server.address));
  }
  health.Start();
  operations->Start();
  return absl::OkStatus();
}

HttpContent Server::State::MakeHttpContent() {
  HttpContent content;
  content.collectables = {registry, std::make_shared<ProcessCollector>()};
  content.before_scrape = [this] { metrics.UpdateDeviceBusy(parts.clock->Now()); };
  content.ready = [this] { return health.serving(); };
  return content;
}

absl::Status Server::State::OpenHttp() {
  if (config.server.http_address.empty()) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(http,
                           HttpEndpoint::Start(config.server.http_address, MakeHttpContent()));
  return absl::OkStatus();
}

Server::Server(const ServerConfig& config, ServerParts parts)
    : state_(std::make_unique<State>(config, std::move(parts))) {}

Server::~Server() { Drain(std::chrono::milliseconds(0), std::chrono::milliseconds(0)); }

absl::Status Server::Start() {
  gpr_set_log_function(LogForGrpc);
  GUICHET_RETURN_IF_ERROR(state_->environment.options.Validate());
  GUICHET_RETURN_IF_ERROR(state_->LoadModel());
  GUICHET_RETURN_IF_ERROR(state_->LoadGenerator());
  // HTTP first: it is "not ready" until gRPC listens, and its port may turn out to be taken.
  GUICHET_RETURN_IF_ERROR(state_->OpenHttp());
  return state_->Listen();
}

void Server::Drain(std::chrono::milliseconds notice, std::chrono::milliseconds timeout) {
  if (state_->grpc == nullptr) return;
  state_->health.Drain();
  // Beside all else: a trainer may need seconds to write down where it is.
  std::thread jobs_end([this] { state_->operations->StopJobs(); });
  std::this_thread::sleep_for(notice);
  state_->classification.Drain();
  state_->operations->EndStreams();
  if (state_->generation_worker != nullptr) state_->generation_worker->Drain();
  state_->health.EndWatches();
  // Shutdown waits for the calls, and they may wait for a device that is stuck: shortly before it
  // cuts them off the pipeline fails what is left, so that they end with a reason.
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout - timeout / 10;
  Mutex mutex;
  ConditionVariable changed;
  bool calls_ended = false;
  std::thread pipeline_end([&] {
    {
      const MutexLock lock(mutex);
      while (!calls_ended && std::chrono::steady_clock::now() < deadline) {
        changed.WaitUntil(mutex, deadline);
      }
    }
    if (state_->generation_worker != nullptr) state_->generation_worker->Stop();
    state_->pipeline.Shutdown(state_->parts.clock->Now());
  });
  state_->grpc->Shutdown(std::chrono::system_clock::now() + timeout);
  {
    const MutexLock lock(mutex);
    calls_ended = true;
    changed.NotifyAll();
  }
  pipeline_end.join();
  jobs_end.join();
  state_->grpc.reset();
  state_->http.reset();
}

absl::Status Server::ReloadCertificates() {
  if (state_->certificates == nullptr) return absl::OkStatus();
  GUICHET_RETURN_IF_ERROR(state_->certificates->Reload());
  ServerMetrics::ExportCertificateExpiry(*state_->registry, state_->certificates->expiry());
  return absl::OkStatus();
}

int Server::grpc_port() const { return state_->grpc_port; }
int Server::http_port() const { return state_->http == nullptr ? 0 : state_->http->port(); }

}  // namespace guichet
