#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/checkpoint/pickle_values.h"

namespace guichet {

// The stack, the marks and the memo of a pickle being read. Every operation is bounded and reports
// INVALID_ARGUMENT instead of reaching below the last mark.
class PickleStack {
 public:
  using Ref = PickleValues::Ref;

  bool empty() const { return stack_.empty() && marks_.empty(); }

  // Takes a StatusOr so that a failed creation of the value is passed on.
  absl::Status Push(const absl::StatusOr<Ref>& ref);
  absl::StatusOr<Ref> Top() const;
  absl::StatusOr<Ref> Pop();
  absl::StatusOr<std::vector<Ref>> PopMany(size_t count);  // in the order they were pushed
  absl::Status Mark();
  absl::StatusOr<std::vector<Ref>> PopToMark();
  absl::Status Memoize(const absl::StatusOr<std::uint32_t>& slot);  // what is on top
  absl::Status Recall(const absl::StatusOr<std::uint32_t>& slot);

 private:
  std::vector<Ref> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::vector<Ref> memo_;
};

}  // namespace guichet
