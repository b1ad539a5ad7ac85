#include "model/tracking/tensorboard_records.h"

#include <nlohmann/json.hpp>

#include "model/tracking/crc32c.h"
#include "model/tracking/tracked_json.h"
#include "model/tracking/wire_writer.h"

namespace guichet::tensorboard {
namespace {

// Field numbers of event.proto, summary.proto, tensor.proto and the hparams plugin's plugin_data
// and api.proto.
namespace event {
constexpr int kWallTime = 1;
constexpr int kStep = 2;
constexpr int kFileVersion = 3;
constexpr int kSummary = 5;
constexpr int kSessionLog = 7;
}  // namespace event
namespace value {
constexpr int kTag = 1;
constexpr int kSimpleValue = 2;
constexpr int kTensor = 8;
constexpr int kMetadata = 9;
}  // namespace value
namespace tensor {
constexpr int kType = 1;
constexpr int kShape = 2;
constexpr int kStringValue = 8;
constexpr int kFloat = 1;   // of DataType
constexpr int kString = 7;  // of DataType
}  // namespace tensor
constexpr int kSummaryValue = 1;
constexpr int kSessionStarts = 1;    // of SessionLog.SessionStatus
constexpr int kDataClassTensor = 2;  // of DataClass
enum HparamsStatus : int { kSuccess = 1, kFailure = 2 };

void PutLittleEndian(std::string& out, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i, number >>= 8U) out += static_cast<char>(number & 0xFFU);
}

WireWriter Event(WallTime time, std::int64_t step) {
  return WireWriter().Double(event::kWallTime, UnixSeconds(time)).Integer(event::kStep, step);
}

WireWriter Metadata(std::string_view plugin, std::string_view content) {
  const WireWriter data = WireWriter().Text(1, plugin).Text(2, content);
  return WireWriter().Message(1, data).Varint(4, kDataClassTensor);
}

// An event with one tagged tensor for a plugin.
std::string PluginEvent(WallTime time, std::int64_t step, std::string_view tag,
                        const WireWriter& metadata, const WireWriter& content) {
  const WireWriter tagged = WireWriter()
                                .Text(value::kTag, tag)
                                .Message(value::kMetadata, metadata)
                                .Message(value::kTensor, content);
  return Event(time, step)
      .Message(event::kSummary, WireWriter().Message(kSummaryValue, tagged))
      .bytes();
}

// The hparams plugin reads its metadata alone; the tensor is empty.
std::string HparamsEvent(WallTime time, std::int64_t step, std::string_view tag, int field,
                         const WireWriter& message) {
  const WireWriter content = WireWriter().Integer(1, 0).Message(field, message);
  const WireWriter empty =
      WireWriter()
          .Varint(tensor::kType, tensor::kFloat)
          .Message(tensor::kShape, WireWriter().Message(2, WireWriter().Integer(1, 0)));
  return PluginEvent(time, step, tag, Metadata("hparams", content.bytes()), empty);
}

// As a google.protobuf.Value.
WireWriter HparamValue(const TrackedValue& tracked) {
  const auto json = nlohmann::json::parse(tracked.json, nullptr, /*allow_exceptions=*/false);
  if (json.is_boolean()) return WireWriter().Varint(4, json.get<bool>() ? 1 : 0);
  if (json.is_number()) return WireWriter().Double(2, json.get<double>());
  return WireWriter().Text(3, PlainText(tracked));
}

}  // namespace

std::string Frame(std::string_view message) {
  std::string length;
  PutLittleEndian(length, message.size(), 8);
  std::string framed = length;
  PutLittleEndian(framed, MaskedCrc32c(length), 4);
  framed += message;
  PutLittleEndian(framed, MaskedCrc32c(message), 4);
  return framed;
}

std::string VersionEvent(WallTime time) {
  return WireWriter()
      .Double(event::kWallTime, UnixSeconds(time))
      .Text(event::kFileVersion, "brain.Event:2")
      .bytes();
}

std::string RestartEvent(WallTime time, std::int64_t step) {
  return Event(time, step)
      .Message(event::kSessionLog, WireWriter().Varint(1, kSessionStarts))
      .bytes();
}

std::string ScalarsEvent(const TrackedRow& row) {
  WireWriter summary;
  for (const TrackedScalar& scalar : row.scalars) {
    summary.Message(kSummaryValue,
                    WireWriter()
                        .Text(value::kTag, scalar.name)
                        .Float(value::kSimpleValue, static_cast<float>(scalar.value)));
  }
  return Event(row.time, row.step).Message(event::kSummary, summary).bytes();
}

std::string TextEvent(WallTime time, std::string_view tag, std::string_view markdown) {
  const WireWriter content =
      WireWriter()
          .Varint(tensor::kType, tensor::kString)
          .Message(tensor::kShape, WireWriter().Message(2, WireWriter().Integer(1, 1)))
          .Text(tensor::kStringValue, markdown);
  return PluginEvent(time, 0, tag, Metadata("text", ""), content);
}

std::string SessionStartEvent(WallTime time, const TrackedRun& run) {
  WireWriter info;
  for (const TrackedValue& config : run.config) {
    info.Message(1, WireWriter().Text(1, config.key).Message(2, HparamValue(config)));
  }
  info.Text(4, run.name).Double(5, UnixSeconds(run.started));
  return HparamsEvent(time, 0, "_hparams_/session_start_info", 3, info);
}

std::string SessionEndEvent(WallTime time, std::int64_t step, RunEnd end) {
  const int status = end == RunEnd::kFinished ? kSuccess : kFailure;
  const WireWriter info = WireWriter().Integer(1, status).Double(2, UnixSeconds(time));
  return HparamsEvent(time, step, "_hparams_/session_end_info", 4, info);
}

}  // namespace guichet::tensorboard
