#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/data/text_identity.h"
#include "model/data/ticket.h"

namespace guichet {

struct SplitOptions {
  double validation_share = 0.1;  // of each label's rows, as nearly as groups allow; in (0, 1)
  std::uint64_t seed = 1;

  absl::Status Validate() const;
};

// Row numbers, rising. Every row is in exactly one part.
struct DatasetSplit {
  std::vector<size_t> train;
  std::vector<size_t> validation;
};

// Divides labelled tickets into training and validation rows, label by label. Rows whose texts have
// the same NormalizedText always stay together, as do near-duplicates (AreNearDuplicates) and what
// a chain of them connects, so that no text is trained on and validated too. Which side a text
// falls on depends on the seed, its label's other texts and nothing else: not on the order of the
// rows. A label with two or more groups keeps at least one on either side; a lone group is trained
// on, as is every group without which a label would not be. A group whose rows disagree counts
// under its most frequent label. INVALID_ARGUMENT when there are fewer than two groups.
absl::StatusOr<DatasetSplit> SplitTickets(const std::vector<Ticket>& tickets,
                                          const SplitOptions& options);

// The same of the given rows alone, by the identities of all rows' texts.
absl::StatusOr<DatasetSplit> SplitRows(std::span<const size_t> rows,
                                       std::span<const Ticket> tickets,
                                       std::span<const TextIdentity> identities,
                                       const SplitOptions& options);

}  // namespace guichet
