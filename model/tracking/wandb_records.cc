#include "model/tracking/wandb_records.h"

#include <chrono>

#include "model/tracking/tracked_json.h"
#include "model/tracking/wire_reader.h"
#include "model/tracking/wire_writer.h"

namespace guichet::wandb {
namespace {

// Field numbers of wandb_internal.proto.
namespace record {
constexpr int kNumber = 1;
constexpr int kHistory = 2;
constexpr int kSummary = 3;
constexpr int kRun = 17;
constexpr int kExit = 18;
constexpr int kFinal = 20;
constexpr int kHeader = 21;
constexpr int kFooter = 22;
}  // namespace record
namespace item {  // of a configuration, a history and a summary alike
constexpr int kKey = 1;
constexpr int kValueJson = 16;
}  // namespace item
namespace history {
constexpr int kItem = 1;
constexpr int kStep = 2;
}  // namespace history

WireWriter Item(std::string_view key, std::string_view json) {
  return WireWriter().Text(item::kKey, key).Text(item::kValueJson, json);
}

std::string Wrap(std::int64_t number, int type, const WireWriter& message) {
  return WireWriter().Integer(record::kNumber, number).Message(type, message).bytes();
}

WireWriter Timestamp(WallTime time) {
  const auto nanos =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return WireWriter().Integer(1, nanos / 1'000'000'000).Integer(2, nanos % 1'000'000'000);
}

}  // namespace

std::string HeaderRecord(std::int64_t number) {
  // The oldest format that a reader must know, and who wrote it.
  const WireWriter version = WireWriter().Text(1, "guichet").Text(2, "0.10.0");
  return Wrap(number, record::kHeader, WireWriter().Message(1, version));
}

std::string RunRecord(std::int64_t number, const TrackedRun& run, std::string_view host) {
  WireWriter config;
  for (const TrackedValue& value : run.config) config.Message(1, Item(value.key, value.json));
  WireWriter message;
  message.Text(1, run.id)
      .Text(3, run.project)
      .Message(4, config)
      .Text(8, run.name)
      .Text(13, host)
      .Message(17, Timestamp(run.started));
  return Wrap(number, record::kRun, message);
}

std::string HistoryRecord(std::int64_t number, const TrackedRow& row, WallTime started) {
  WireWriter message;
  for (const TrackedScalar& scalar : row.scalars) {
    message.Message(history::kItem, Item(scalar.name, JsonNumber(scalar.value)));
  }
  const double runtime = std::chrono::duration<double>(row.time - started).count();
  message.Message(history::kItem, Item("_step", std::to_string(row.step)))
      .Message(history::kItem, Item("_runtime", JsonNumber(runtime)))
      .Message(history::kItem, Item("_timestamp", JsonNumber(UnixSeconds(row.time))))
      .Message(history::kStep, WireWriter().Integer(1, row.step));
  return Wrap(number, record::kHistory, message);
}

std::string SummaryRecord(std::int64_t number, std::span<const TrackedValue> summary) {
  WireWriter message;
  for (const TrackedValue& value : summary) message.Message(1, Item(value.key, value.json));
  return Wrap(number, record::kSummary, message);
}

std::string ExitRecord(std::int64_t number, int exit_code, std::int64_t seconds) {
  return Wrap(number, record::kExit, WireWriter().Integer(1, exit_code).Integer(2, seconds));
}

std::string FinalRecord(std::int64_t number) { return Wrap(number, record::kFinal, {}); }

std::string FooterRecord(std::int64_t number) { return Wrap(number, record::kFooter, {}); }

RecordFacts ReadRecord(std::string_view bytes) {
  RecordFacts facts;
  WireReader fields(bytes);
  while (const auto field = fields.Next()) {
    if (field->number == record::kNumber) {
      facts.number = static_cast<std::int64_t>(field->value);
    } else if (field->number == record::kRun) {
      facts.is_run = true;
    } else if (field->number == record::kExit) {
      facts.is_exit = true;
    } else if (field->number == record::kHistory) {
      WireReader parts(field->bytes);
      while (const auto part = parts.Next()) {
        if (part->number != history::kStep) continue;
        const auto step = WireReader(part->bytes).Next();
        facts.history_step = step ? static_cast<std::int64_t>(step->value) : 0;
      }
    }
  }
  return facts;
}

}  // namespace guichet::wandb
