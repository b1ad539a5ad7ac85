#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "server/feedback/feedback_options.h"
#include "server/feedback/review_ranking.h"
#include "server/registry/version_control.h"
#include "server/store/feedback_table.h"
#include "server/store/prediction_table.h"

namespace guichet {

// What a person says of one ticket, checked field by field already.
struct NewFeedback {
  std::string feedback_id = {};
  std::string request_sha256 = {};  // of all that was said
  std::string ticket_id = {};
  std::int64_t version = 0;    // 0: that of the ticket's prediction, else the one in service
  std::string predicted = {};  // empty: the ticket's prediction, else unknown
  std::string label = {};
  std::string subject = {};  // both empty: the ticket's prediction's, else unknown
  std::string body = {};
  std::string actor = {};  // for the audit
};

// One prediction that is worth a look.
struct ReviewEntry {
  PredictionRecord prediction;
  double priority = 0;
};

// The place behind an entry, where the next page begins.
struct ReviewPlace {
  double priority = 0;
  std::int64_t number = 0;
};

struct ReviewPage {
  std::vector<ReviewEntry> entries;
  std::optional<ReviewPlace> next;  // none: no more
};

// What people say of answers, and what is worth asking them. Corrections are in the database, with
// their audit row, before anybody hears of them. Thread-safe; blocks on the disk.
class FeedbackLog {
 public:
  // All outlive it.
  FeedbackLog(const FeedbackOptions& options, Database& database, VersionControl& versions,
              const ModelRegistry& registry, const Clock& clock);

  // The row of this feedback, new or made before. NOT_FOUND: no such version; INVALID_ARGUMENT: the
  // version does not predict such a label, or the label is a known one spelled otherwise;
  // ALREADY_EXISTS: the ticket's feedback_id said something else; RESOURCE_EXHAUSTED: no room.
  absl::StatusOr<FeedbackRecord> Submit(const NewFeedback& feedback);

  // Entries behind `place`, best first, at most `most`. What comes in between two pages may move a
  // ticket past the place.
  absl::StatusOr<ReviewPage> Review(const std::optional<ReviewPlace>& place, std::size_t most);

 private:
  struct Judged;

  absl::StatusOr<std::vector<std::string>> LabelsOf(std::int64_t version) const;
  absl::StatusOr<Judged> Judge(const NewFeedback& feedback,
                               const std::optional<PredictionRecord>& prediction) const;
  absl::Status MakeRoom(SqlTransaction& transaction) const;
  absl::Status Store(FeedbackRecord& record, bool& is_new);
  LabelShare SharesFor(const std::vector<PredictionKey>& predictions) const;

  const FeedbackOptions options_;
  Database& database_;
  VersionControl& versions_;
  const ModelRegistry& registry_;
  const Clock& clock_;
};

}  // namespace guichet
