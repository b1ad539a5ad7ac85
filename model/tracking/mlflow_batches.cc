#include "model/tracking/mlflow_batches.h"

#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "model/tracking/tracked_json.h"

namespace guichet {
namespace {

// `text` cut to so many bytes, between characters.
std::string_view Cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<std::uint8_t>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

std::string KeyAndValue(std::string_view key, std::string_view value, std::size_t most_bytes) {
  return fmt::format(R"({{"key":{},"value":{}}})", JsonText(key), JsonText(Cut(value, most_bytes)));
}

}  // namespace

MlflowBatches::MlflowBatches(std::string run_id, Send send, const MlflowLimits& limits)
    : run_id_(std::move(run_id)), send_(std::move(send)), limits_(limits) {}

absl::Status MlflowBatches::AddMetric(const TrackedScalar& scalar, std::int64_t step,
                                      WallTime time) {
  std::string value = JsonNumber(scalar.value);
  if (!std::isfinite(scalar.value)) value = '"' + value + '"';  // protobuf's JSON writes it so
  const auto stamp = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  return Add(metrics_, limits_.metrics,
             fmt::format(R"({{"key":{},"value":{},"timestamp":{},"step":{}}})",
                         JsonText(scalar.name), value, stamp.count(), step));
}

absl::Status MlflowBatches::AddParam(std::string_view key, std::string_view value) {
  return Add(params_, limits_.params, KeyAndValue(key, value, limits_.value_bytes));
}

absl::Status MlflowBatches::AddTag(std::string_view key, std::string_view value) {
  return Add(tags_, limits_.tags, KeyAndValue(key, value, limits_.tag_bytes));
}

absl::Status MlflowBatches::Add(Kind& kind, std::size_t most, const std::string& item) {
  const std::size_t count = metrics_.count + params_.count + tags_.count;
  const std::size_t bytes = metrics_.items.size() + params_.items.size() + tags_.items.size();
  if (kind.count >= most || count >= limits_.items || bytes + item.size() > limits_.bytes) {
    if (absl::Status status = Flush(); !status.ok()) return status;
  }
  if (kind.count > 0) kind.items += ',';
  kind.items += item;
  ++kind.count;
  return absl::OkStatus();
}

absl::Status MlflowBatches::Flush() {
  const Kind metrics = std::exchange(metrics_, {});
  const Kind params = std::exchange(params_, {});
  const Kind tags = std::exchange(tags_, {});
  if (metrics.count + params.count + tags.count == 0) return absl::OkStatus();
  return send_(fmt::format(R"({{"run_id":{},"metrics":[{}],"params":[{}],"tags":[{}]}})",
                           JsonText(run_id_), metrics.items, params.items, tags.items));
}

}  // namespace guichet
