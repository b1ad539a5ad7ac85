#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/data/record_readers.h"

namespace guichet {
namespace {

using nlohmann::json;

class JsonLinesReader : public TicketReader {
 public:
  JsonLinesReader(LineReader lines, const TicketReaderOptions& options)
      : options_(options), lines_(std::move(lines)) {
    limits_.max_bytes = options_.max_record_bytes;
    limits_.max_string_bytes = options_.max_record_bytes;
  }

  absl::StatusOr<std::optional<Ticket>> Next() override {
    for (;;) {
      GUICHET_ASSIGN_OR_RETURN(const auto line, lines_.Next());
      if (!line) return std::nullopt;
      if (IsBlank(*line)) continue;
      return ReadLine(*line);
    }
  }

  std::int64_t line() const override { return lines_.line(); }

 private:
  absl::StatusOr<std::optional<Ticket>> ReadLine(const std::string& line) const {
    const auto object = ParseStrictJson(line, limits_);
    if (!object.ok()) {
      return Refusal(
          std::string(object.status().message().data(), object.status().message().size()));
    }
    if (!object->is_object()) return Refusal("not a JSON object but a " + TypeName(*object));
    Ticket ticket;
    GUICHET_RETURN_IF_ERROR(Take(*object, MappedName(options_.columns, "id"), ticket.id));
    GUICHET_RETURN_IF_ERROR(Take(*object, MappedName(options_.columns, "subject"), ticket.subject));
    GUICHET_RETURN_IF_ERROR(Take(*object, MappedName(options_.columns, "body"), ticket.body));
    GUICHET_RETURN_IF_ERROR(Take(*object, MappedName(options_.columns, "label"), ticket.label));
    if (!options_.columns.contains("body")) {
      std::string text;
      GUICHET_RETURN_IF_ERROR(Take(*object, "text", text));
      if (!text.empty() && !ticket.body.empty()) {
        return Refusal("both 'body' and 'text' are given; they name the same field");
      }
      if (!text.empty()) ticket.body = std::move(text);
    }
    GUICHET_RETURN_IF_ERROR(CheckHasText(ticket, lines_.line(), options_));
    return ticket;
  }

  // Strings as they are, whole numbers in decimal; null and absence leave the value empty.
  absl::Status Take(const json& object, std::string_view name, std::string& value) const {
    const auto field = object.find(std::string(name));
    if (field == object.end() || field->is_null()) return absl::OkStatus();
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
    return absl::InvalidArgumentError(fmt::format("line {}: {}", lines_.line(), reason));
  }

  static std::string TypeName(const json& value) { return value.type_name(); }

  const TicketReaderOptions options_;
  LineReader lines_;
  JsonLimits limits_;
};

}  // namespace

std::unique_ptr<TicketReader> MakeJsonLinesReader(LineReader lines,
                                                  const TicketReaderOptions& options) {
  return std::make_unique<JsonLinesReader>(std::move(lines), options);
}

}  // namespace guichet
