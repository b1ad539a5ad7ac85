#include "model/checkpoint/pickle_stack.h"

#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/checkpoint/tensor_rules.h"

namespace guichet {
namespace {

constexpr size_t kMaxStack = 4 * kMaxTensors;  // names and tensors wait on it for SETITEMS
constexpr size_t kMaxMarks = 64;
constexpr size_t kMaxMemo = 200'000;
constexpr PickleValues::Ref kUnset = std::numeric_limits<PickleValues::Ref>::max();

absl::Status Invalid(std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("pickle: {}", problem));
}

}  // namespace

absl::Status PickleStack::Mark() {
  if (marks_.size() == kMaxMarks) return Invalid("too many open marks");
  marks_.push_back(stack_.size());
  return absl::OkStatus();
}

absl::Status PickleStack::Memoize(const absl::StatusOr<std::uint32_t>& slot) {
  if (!slot.ok()) return slot.status();
  if (*slot >= kMaxMemo) return Invalid(fmt::format("memo slot {} is out of bounds", *slot));
  GUICHET_ASSIGN_OR_RETURN(const Ref top, Top());
  if (*slot >= memo_.size()) memo_.resize(*slot + 1, kUnset);
  memo_[*slot] = top;
  return absl::OkStatus();
}

absl::Status PickleStack::Recall(const absl::StatusOr<std::uint32_t>& slot) {
  if (!slot.ok()) return slot.status();
  if (*slot >= memo_.size() || memo_[*slot] == kUnset) {
    return Invalid(fmt::format("memo slot {} is empty", *slot));
  }
  return Push(memo_[*slot]);
}

absl::Status PickleStack::Push(const absl::StatusOr<Ref>& ref) {
  if (!ref.ok()) return ref.status();
  if (stack_.size() == kMaxStack) return Invalid("the stack is too high");
  stack_.push_back(*ref);
  return absl::OkStatus();
}

// What lies below the last mark is out of reach.
absl::StatusOr<PickleStack::Ref> PickleStack::Top() const {
  if (stack_.empty() || (!marks_.empty() && stack_.size() == marks_.back())) {
    return Invalid("takes a value from an empty stack");
  }
  return stack_.back();
}

absl::StatusOr<PickleStack::Ref> PickleStack::Pop() {
  GUICHET_ASSIGN_OR_RETURN(const Ref top, Top());
  stack_.pop_back();
  return top;
}

absl::StatusOr<std::vector<PickleStack::Ref>> PickleStack::PopMany(size_t count) {
  std::vector<Ref> items(count);
  for (size_t i = count; i > 0; --i) {
    GUICHET_ASSIGN_OR_RETURN(items[i - 1], Pop());
  }
  return items;
}

absl::StatusOr<std::vector<PickleStack::Ref>> PickleStack::PopToMark() {
  if (marks_.empty()) return Invalid("a mark is missing");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Ref> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

}  // namespace guichet
