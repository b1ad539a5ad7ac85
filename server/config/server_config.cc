#include "server/config/server_config.h"

#include <fmt/format.h>

#include "server/config/config_errors.h"

namespace guichet {
namespace {

// What no field shows alone.
void CheckTogether(const ServerConfig& config, ConfigErrors& errors) {
  if (config.model.path.empty()) {
    errors.Add("model.path",
               "it must name a bundle folder: set it in the file, by --model.path or "
               "by GUICHET_MODEL_PATH");
  }
  if (config.limits.texts_per_call > config.pipeline.max_queue_texts) {
    errors.Add("limits.texts_per_call",
               fmt::format("{} texts never fit into pipeline.max_queue_texts of {}",
                           config.limits.texts_per_call, config.pipeline.max_queue_texts));
  }
  if (config.limits.message_bytes > config.limits.in_flight_bytes) {
    errors.Add("limits.message_bytes",
               fmt::format("a message of {} bytes never fits into limits.in_flight_bytes of {}",
                           config.limits.message_bytes, config.limits.in_flight_bytes));
  }
  if (config.pipeline.max_batch_tokens > config.pipeline.max_queue_tokens) {
    errors.Add("pipeline.max_batch_tokens",
               fmt::format("{} tokens never wait together: pipeline.max_queue_tokens is {}",
                           config.pipeline.max_batch_tokens, config.pipeline.max_queue_tokens));
  }
  if (config.training.max_dataset_size > config.training.max_datasets_size) {
    errors.Add("training.max_dataset_size", "one data set would exceed training.max_datasets_size");
  }
  if (config.limits.message_bytes > config.server.memory_quota) {
    errors.Add("limits.message_bytes", "one message would exceed server.memory_quota");
  }
  if (config.tls.certificate.empty() != config.tls.key.empty()) {
    errors.Add(config.tls.key.empty() ? "tls.key" : "tls.certificate",
               "certificate and key must be given together");
  }
  if (!config.tls.client_ca.empty() && config.tls.certificate.empty()) {
    errors.Add("tls.client_ca", "it needs tls.certificate and tls.key too");
  }
}

}  // namespace

ConfigErrors CheckConfig(const ServerConfig& config) {
  ConfigErrors errors;
  for (const ConfigField& field : ConfigFields()) {
    const absl::Status status = field.check(config);
    if (!status.ok()) errors.Add(field.path(), std::string(status.message()));
  }
  CheckTogether(config, errors);
  return errors;
}

absl::Status ServerConfig::Validate() const { return CheckConfig(*this).ToStatus(); }

absl::Status ConfigErrors::ToStatus() const {
  if (lines_.empty()) return absl::OkStatus();
  std::string message = lines_.size() == 1
                            ? "the configuration has an error:"
                            : fmt::format("the configuration has {} errors:", lines_.size());
  for (const std::string& line : lines_) message += "\n  " + line;
  return absl::InvalidArgumentError(message);
}

}  // namespace guichet
