#include "server/rpc/text_limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace guichet {
namespace {

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

std::size_t CodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::optional<CallError> CheckTextCount(std::size_t texts, const std::string& name,
                                        const RequestLimits& limits) {
  if (texts == 0) return InvalidField("TEXTS_PER_CALL", name, "is empty; send at least one");
  if (texts <= limits.texts_per_call) return std::nullopt;
  return InvalidField("TEXTS_PER_CALL", name,
                      fmt::format("has {} texts, more than {} (limits.texts_per_call); send them "
                                  "in several calls or by StreamClassify",
                                  texts, limits.texts_per_call));
}

std::optional<CallError> CheckOptions(const PredictionOptions& options, std::int64_t version,
                                      const std::string& name) {
  if (version < 0) {
    return InvalidField("INVALID_OPTIONS", name + ".version",
                        fmt::format("is {}; it must be 0 (the one in service) or more", version));
  }
  if (options.top_k < 0) {
    return InvalidField("INVALID_OPTIONS", name + ".top_k",
                        fmt::format("is {}; it must be 0 (all labels) or more", options.top_k));
  }
  // Written so that NaN fails too.
  if (!(options.min_score >= 0.0F && options.min_score <= 1.0F)) {
    return InvalidField("INVALID_OPTIONS", name + ".min_score",
                        fmt::format("is {}; it must be 0 to 1", options.min_score));
  }
  return std::nullopt;
}

std::optional<CallError> CheckText(const CallText& text, const std::string& name, std::size_t index,
                                   const RequestLimits& limits) {
  // Characters are never more than bytes, so most texts need no count.
  const bool long_enough_to_count = text.bytes() > limits.characters_per_text;
  const bool blank = IsBlank(text.subject) && IsBlank(text.body);
  if (text.id.size() <= limits.ticket_id_bytes && !blank && !long_enough_to_count) {
    return std::nullopt;
  }
  const std::string field = fmt::format("{}[{}]", name, index);
  if (text.id.size() > limits.ticket_id_bytes) {
    return InvalidField("TICKET_ID_BYTES", field + ".id",
                        fmt::format("has {} bytes, more than {} (limits.ticket_id_bytes)",
                                    text.id.size(), limits.ticket_id_bytes));
  }
  if (blank) return InvalidField("INVALID_TEXT", field, "has no text; give a subject or a body");
  const std::size_t characters = CodePoints(text.subject) + CodePoints(text.body);
  if (characters <= limits.characters_per_text) return std::nullopt;
  return InvalidField("CHARACTERS_PER_TEXT", field,
                      fmt::format("has {} characters, more than {} (limits.characters_per_text)",
                                  characters, limits.characters_per_text));
}

}  // namespace guichet
