#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "server/feedback/feedback_options.h"
#include "server/generation/generation_service_options.h"
#include "server/jobs/training_options.h"
#include "server/pipeline/pipeline_options.h"

namespace guichet {

// What guichet-server is told before it starts. Each struct is a section of the YAML file and each
// field a key of it; meaning, default and range of every key stand in config_table.cc, which makes
// the parser, the flags, the environment variables and --print-default-config. A plain value.

// Section `server`: where it listens and how connections live.
struct ListenOptions {
  std::string address = "0.0.0.0:50051";      // of gRPC
  std::string http_address = "0.0.0.0:9464";  // of /metrics, /healthz, /readyz; empty: none
  std::chrono::milliseconds drain_timeout{30'000};
  std::chrono::milliseconds drain_notice{300};
  bool reflection = true;
  std::chrono::milliseconds max_connection_age{300'000};   // 0: for ever
  std::chrono::milliseconds max_connection_age_grace{0};   // 0: for ever
  std::chrono::milliseconds max_connection_idle{900'000};  // 0: for ever
  std::chrono::milliseconds keepalive_time{30'000};
  std::chrono::milliseconds keepalive_timeout{10'000};
  std::chrono::milliseconds min_ping_interval{10'000};
  std::chrono::milliseconds handshake_timeout{10'000};
  std::size_t memory_quota = std::size_t{256} << 20;  // bytes
};

// Section `model`: what is served and where it runs.
struct ModelOptions {
  std::string path;             // a bundle folder; must be given
  std::string name;             // for callers; empty: the bundle's own
  std::string device = "auto";  // auto, cpu, cuda, cuda:N
  std::string dtype = "auto";   // auto, fp32, bf16, int8
  int warm_up_batches = 3;      // run before anything listens
};

// Section `limits`: what one caller may ask for.
struct RequestLimits {
  std::size_t message_bytes = std::size_t{4} << 20;
  std::size_t texts_per_call = 1024;
  std::size_t characters_per_text = 100'000;  // Unicode code points of subject and body together
  std::size_t ticket_id_bytes = 256;
  std::size_t streams_per_connection = 256;    // HTTP/2 streams; further calls wait in the client
  std::size_t in_flight_per_connection = 200;  // calls being answered; more are refused
  std::size_t in_flight_bytes = std::size_t{256} << 20;  // of all calls together
  std::size_t in_flight_texts_per_stream = 256;          // of StreamClassify; reading pauses there
};

// Section `log`.
struct LogOptions {
  std::string format = "text";  // text, json
  std::string level = "info";   // trace, debug, info, warning, error
};

// Section `tls`: PEM files. All empty: plaintext.
struct TlsOptions {
  std::string certificate;
  std::string key;
  std::string client_ca;  // when given, clients must show a certificate signed by it
};

struct ServerConfig {
  ListenOptions server;
  ModelOptions model;
  PipelineOptions pipeline;
  RequestLimits limits;
  TrainingOptions training;
  FeedbackOptions feedback;
  GenerationServiceOptions generation;
  LogOptions log;
  TlsOptions tls;

  // INVALID_ARGUMENT lists every field out of range and every contradiction, a line each.
  absl::Status Validate() const;
};

}  // namespace guichet
