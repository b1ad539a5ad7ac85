#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/data/json_records.h"
#include "model/data/record_readers.h"

namespace guichet {
namespace {

using nlohmann::json;

class JsonLinesReader : public TicketReader {
 public:
  JsonLinesReader(LineReader lines, const TicketReaderOptions& options)
      : options_(options), records_(std::move(lines), options.max_record_bytes) {
    limits_.max_bytes = options_.max_record_bytes;
    limits_.max_string_bytes = options_.max_record_bytes;
  }

  absl::StatusOr<std::optional<Ticket>> Next() override {
    GUICHET_ASSIGN_OR_RETURN(const auto record, records_.Next());
    if (!record) return std::nullopt;
    return ReadRecord(*record);
  }

  std::int64_t line() const override { return records_.line(); }
  std::string_view encoding() const override { return records_.encoding(); }

 private:
  absl::StatusOr<std::optional<Ticket>> ReadRecord(const std::string& text) const {
    const auto object = ParseStrictJson(text, limits_);
    if (!object.ok()) {
      return Refusal(
          std::string(object.status().message().data(), object.status().message().size()));
    }
    if (!object->is_object()) return Refusal("not a JSON object but a " + TypeName(*object));
    Ticket ticket;
    GUICHET_RETURN_IF_ERROR(Take(*object, "id", ticket.id));
    GUICHET_RETURN_IF_ERROR(Take(*object, "subject", ticket.subject));
    GUICHET_RETURN_IF_ERROR(Take(*object, "body", ticket.body));
    GUICHET_RETURN_IF_ERROR(Take(*object, "label", ticket.label));
    if (!options_.columns.contains("body")) {
      std::string text_field;
      GUICHET_RETURN_IF_ERROR(Read(Find(*object, "text"), "text", text_field));
      if (!text_field.empty() && !ticket.body.empty()) {
        return Refusal("both 'body' and 'text' are given; they name the same field");
      }
      if (!text_field.empty()) ticket.body = std::move(text_field);
    }
    GUICHET_RETURN_IF_ERROR(CheckHasText(ticket, records_.line(), options_));
    return ticket;
  }

  // The value of a field under the name that the map gives it, or the first of the preset's that
  // is there.
  absl::Status Take(const json& object, const char* field, std::string& value) const {
    if (options_.preset == ExportPreset::kNone || options_.columns.contains(field)) {
      const std::string name(MappedName(options_.columns, field));
      return Read(Find(object, name), name, value);
    }
    for (const std::string_view name : PresetColumns(options_.preset, field)) {
      const json* found = Find(object, std::string(name));
      const bool scalar = found != nullptr && (found->is_string() || found->is_number_integer());
      if (scalar) return Read(found, name, value);
    }
    return absl::OkStatus();
  }

  // The member of this name, or the one to which its dots lead; null where there is none.
  static const json* Find(const json& object, const std::string& name) {
    const auto whole = object.find(name);
    if (whole != object.end()) return &*whole;
    const json* at = &object;
    std::string_view rest = name;
    while (true) {
      const std::string_view step = rest.substr(0, rest.find('.'));
      if (at->is_array() && step == "0" && !at->empty()) {
        at = &at->front();
      } else if (at->is_object() && at->contains(std::string(step))) {
        at = &at->at(std::string(step));
      } else {
        return nullptr;
      }
      if (step.size() == rest.size()) return at;
      rest.remove_prefix(step.size() + 1);
    }
  }

  // Strings as they are, whole numbers in decimal; null and absence leave the value empty.
  absl::Status Read(const json* field, std::string_view name, std::string& value) const {
    if (field == nullptr || field->is_null()) return absl::OkStatus();
    if (field->is_string()) {
      value = field->get<std::string>();
    } else if (field->is_number_integer()) {
      value = field->dump();
    } else {
      return Refusal(fmt::format("'{}' must be a string, not a {}", name, TypeName(*field)));
    }
    return absl::OkStatus();
  }

  absl::Status Refusal(const std::string& reason) const {
    return absl::InvalidArgumentError(fmt::format("line {}: {}", records_.line(), reason));
  }

  static std::string TypeName(const json& value) { return value.type_name(); }

  const TicketReaderOptions options_;
  JsonRecords records_;
  JsonLimits limits_;
};

}  // namespace

std::unique_ptr<TicketReader> MakeJsonLinesReader(LineReader lines,
                                                  const TicketReaderOptions& options) {
  return std::make_unique<JsonLinesReader>(std::move(lines), options);
}

}  // namespace guichet
