#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/ticket.h"

// Corrections that a job trains on beside its data set: a file of its folder (feedback.jsonl),
// written by the server, read by guichet-trainer. Knows no torch.

namespace guichet {

absl::Status WriteFeedbackTickets(const std::vector<Ticket>& corrections,
                                  const std::filesystem::path& folder);
// NOT_FOUND where there is no file.
absl::StatusOr<std::vector<Ticket>> ReadFeedbackTickets(const std::filesystem::path& folder);

// What corrections did to a data set.
struct FeedbackMerge {
  std::int64_t corrections = 0;  // with distinct texts
  std::int64_t added = 0;        // texts that the data set does not hold
  std::int64_t agreed = 0;       // texts that it holds with the same label
  std::int64_t overruled = 0;    // its rows that got another label
};

// Adds the corrections to labelled tickets. Texts are equal when their NormalizedText is. Where the
// data set holds a correction's text, all its rows of that text get the correction's label; of two
// corrections of one text the later one counts.
FeedbackMerge MergeFeedback(const std::vector<Ticket>& corrections, std::vector<Ticket>& tickets);

}  // namespace guichet
