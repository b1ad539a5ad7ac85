#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace guichet {

// One text to classify, in UTF-8. The model reads subject, a line end, and body; one alone when the
// other is empty.
struct TicketText {
  std::string id = {};  // the caller's own identifier, returned untouched; may be empty
  std::string subject = {};
  std::string body = {};
};

// What to answer. The defaults ask the server's default model for all labels.
struct ClassifyOptions {
  std::string model = {};    // empty: the server's default
  std::int64_t version = 0;  // 0: the version in service
  int top_k = 0;             // labels returned, best first; 0: all
  float min_score = 0.0F;    // labels below this probability (0 to 1) are left out, the best never
};

struct LabelProbability {
  std::string label = {};
  float score = 0.0F;  // calibrated probability, 0 to 1
};

// The answer for one ticket.
struct ClassifiedTicket {
  std::string id = {};
  std::vector<LabelProbability> scores = {};  // never empty, falling; the first is the answer
  bool abstained = false;  // the best label is below its threshold: leave the ticket to a person
  int tokens = 0;          // what the model read, special tokens included
  bool truncated = false;  // the text was longer than the model reads; its tail was cut
  std::string model = {};
  std::int64_t version = 0;
};

// Where the server's time went. Stages of several texts overlap; these are the call's longest.
struct ServerTimings {
  std::chrono::microseconds tokenize{0};
  std::chrono::microseconds queue{0};
  std::chrono::microseconds infer{0};
  std::chrono::microseconds total{0};
};

// One call: many tickets (at most limits.texts_per_call of the server, 1024 by default).
struct ClassifyCall {
  std::vector<TicketText> tickets = {};
  ClassifyOptions options = {};
  // Time for the whole call, waits and retries included; unset: ClientOptions::timeout. Above 0.
  std::optional<std::chrono::milliseconds> timeout = {};
};

struct ClassifyReply {
  std::vector<absl::StatusOr<ClassifiedTicket>> results = {};  // one a ticket, in their order
  ServerTimings timings = {};                                  // of the last attempt
  int attempts = 1;
};

enum class ServingState { kUnknown, kServing, kNotServing, kServiceUnknown };

}  // namespace guichet
