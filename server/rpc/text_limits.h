#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "model/inference/prediction.h"
#include "server/config/server_config.h"
#include "server/rpc/call_error.h"

namespace guichet {

// One text of a call, borrowed from the request: the request outlives the call.
struct CallText {
  std::string_view id;
  std::string_view subject;
  std::string_view body;

  std::size_t bytes() const { return subject.size() + body.size() + 1; }
};

// Checks of a request against the limits: pure functions. `name` is what the protocol calls the
// field, e.g. "tickets"; of one text, `index` is put behind it. All errors are INVALID_ARGUMENT
// with a violation.
std::optional<CallError> CheckTextCount(std::size_t texts, const std::string& name,
                                        const RequestLimits& limits);
std::optional<CallError> CheckOptions(const PredictionOptions& options, std::int64_t version,
                                      const std::string& name);
std::optional<CallError> CheckText(const CallText& text, const std::string& name, std::size_t index,
                                   const RequestLimits& limits);

// Unicode code points of a UTF-8 text; of other bytes some number not above their count.
std::size_t CodePoints(std::string_view text);

}  // namespace guichet
