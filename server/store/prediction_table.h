#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/store/database.h"

namespace guichet {

// A row of the table `predictions`: the last uncertain prediction of one ticket.
struct PredictionRecord {
  std::int64_t number = 0;  // rises with each; given by the table
  std::string model = {};
  std::string ticket_id = {};
  std::int64_t version = 0;
  std::string predicted = {};
  std::string runner_up = {};
  double margin = 0;         // between their calibrated probabilities
  std::int64_t time = 0;     // ToMicros
  std::string subject = {};  // empty unless texts are kept
  std::string body = {};
};

// Writes each in its ticket's place and deletes the oldest beyond `keep`.
absl::Status InsertPredictions(SqlTransaction& transaction,
                               const std::vector<PredictionRecord>& records, std::int64_t keep);

absl::StatusOr<std::optional<PredictionRecord>> FindPrediction(SqlTransaction& transaction,
                                                               const std::string& model,
                                                               const std::string& ticket_id);
absl::StatusOr<std::optional<PredictionRecord>> ReadPrediction(SqlTransaction& transaction,
                                                               std::int64_t number);

// What decides a prediction's place in the review queue.
struct PredictionKey {
  std::int64_t number = 0;
  std::int64_t version = 0;
  std::string predicted = {};
  double margin = 0;
};
// Those of tickets that nobody has corrected, by number.
absl::StatusOr<std::vector<PredictionKey>> ListUncorrected(SqlTransaction& transaction,
                                                           const std::string& model);

}  // namespace guichet
