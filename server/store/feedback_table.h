#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"

namespace guichet {

// A row of the table `feedback`: what a person said of one ticket, once.
struct FeedbackRecord {
  std::int64_t number = 0;  // rises with each; given by the table
  std::string model = {};
  std::string ticket_id = {};
  std::string feedback_id = {};     // one a ticket
  std::string request_sha256 = {};  // of what was said, to tell a repetition from a clash
  std::int64_t version = 0;         // that predicted
  std::string predicted = {};       // empty: unknown
  std::string label = {};           // what is right
  std::string outcome = {};         // "confirmed", "corrected" or "new_label"
  std::string subject = {};         // the ticket's text; both empty: unknown
  std::string body = {};
  std::int64_t time = 0;  // ToMicros
  std::string actor = {};
};

// Appends, sets the number, and makes it the ticket's last one. ALREADY_EXISTS: the ticket has this
// feedback_id.
absl::Status InsertFeedback(SqlTransaction& transaction, FeedbackRecord& record);

absl::StatusOr<std::optional<FeedbackRecord>> FindFeedback(SqlTransaction& transaction,
                                                           const std::string& model,
                                                           const std::string& ticket_id,
                                                           const std::string& feedback_id);

// Rows of all models, superseded ones too.
absl::StatusOr<std::int64_t> CountFeedback(SqlTransaction& transaction);
// Deletes the oldest rows that a later one of their ticket has superseded, at most `most`; a text
// that the later one lacks moves there. Returns how many are gone.
absl::StatusOr<std::int64_t> DropSupersededFeedback(SqlTransaction& transaction, std::int64_t most);

// The number of the newest row; 0: there is none.
absl::StatusOr<std::int64_t> LastFeedbackNumber(SqlTransaction& transaction);

// What is right of one ticket, with its text.
struct TaughtTicket {
  std::string ticket_id = {};
  std::string subject = {};
  std::string body = {};
  std::string label = {};
};

// Each ticket with a text as its last row up to the number `until` says, in the order of those
// rows; the text is the last that was given.
absl::Status ReadTaughtTickets(SqlTransaction& transaction, const std::string& model,
                               std::int64_t until,
                               const std::function<void(const TaughtTicket&)>& take);

// How often a version was right, of the tickets whose last row is not older than `since` and whose
// prediction is known.
struct FeedbackScore {
  std::int64_t right = 0;
  std::int64_t judged = 0;
};
absl::StatusOr<FeedbackScore> ScoreVersion(SqlTransaction& transaction, const std::string& model,
                                           std::int64_t version, std::int64_t since);

}  // namespace guichet
