#include "model/checkpoint/pickle_values.h"

#include <algorithm>

#include <fmt/format.h>
#include <unicode/ustring.h>

#include "base/status_macros.h"
#include "model/checkpoint/tensor_rules.h"

namespace guichet {
namespace {

// A state_dict of kMaxTensors tensors takes some 100,000 values.
constexpr size_t kMaxValues = 200'000;
constexpr size_t kMaxContainers = 4 * kMaxTensors;  // each tensor has a dictionary of hooks
constexpr size_t kMaxListItems = kMaxTensors;
constexpr unsigned kMaxTupleDepth = 16;
constexpr size_t kMaxStringBytes = 4'096;

absl::Status Invalid(std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("pickle: {}", problem));
}

absl::Status CheckCount(size_t count, size_t limit, std::string_view what) {
  if (count < limit) return absl::OkStatus();
  return Invalid(fmt::format("more than {} {}", limit, what));
}

bool IsUtf8(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8(nullptr, 0, nullptr, text.data(), static_cast<std::int32_t>(text.size()), &error);
  return error != U_INVALID_CHAR_FOUND;  // else the missing buffer overflows, as it should
}

}  // namespace

std::span<const PickleValues::Ref> PickleValues::tuple(Ref ref) const {
  const Node& node = nodes_[ref];
  if (node.kind != Kind::kTuple) return {};
  return std::span(tuple_items_).subspan(node.index, static_cast<size_t>(node.number));
}

absl::StatusOr<std::vector<std::int64_t>> PickleValues::Integers(Ref ref) const {
  const auto items = tuple(ref);
  if (kind(ref) != Kind::kTuple || items.size() > kMaxTensorRank) {
    return Invalid(
        fmt::format("sizes and strides are tuples of at most {} whole numbers", kMaxTensorRank));
  }
  std::vector<std::int64_t> values;
  for (const Ref item : items) {
    if (kind(item) != Kind::kInteger) return Invalid("sizes and strides are whole numbers");
    values.push_back(integer(item));
  }
  return values;
}

const PickleValues::Ref* PickleValues::Find(Ref dict_ref, std::string_view name) const {
  for (const auto& [key, value] : dict(dict_ref)) {
    if (string(key) == name) return &value;
  }
  return nullptr;
}

absl::StatusOr<PickleValues::Ref> PickleValues::Add(Node node) {
  GUICHET_RETURN_IF_ERROR(CheckCount(nodes_.size(), kMaxValues, "values"));
  nodes_.push_back(node);
  return static_cast<Ref>(nodes_.size() - 1);
}

absl::StatusOr<PickleValues::Ref> PickleValues::AddScalar(Kind kind, std::int64_t number) {
  return Add({kind, 0, 0, number});
}

absl::StatusOr<PickleValues::Ref> PickleValues::AddString(std::string_view text) {
  if (text.size() > kMaxStringBytes) {
    return Invalid(
        fmt::format("a string of {} bytes; at most {} are read", text.size(), kMaxStringBytes));
  }
  if (!IsUtf8(text)) return Invalid("a string is not UTF-8");
  strings_.push_back(text);
  return Add({Kind::kString, 0, static_cast<std::uint32_t>(strings_.size() - 1), 0});
}

absl::StatusOr<PickleValues::Ref> PickleValues::AddTuple(std::span<const Ref> items) {
  unsigned depth = 1;
  for (const Ref item : items) depth = std::max(depth, nodes_[item].depth + 1U);
  if (depth > kMaxTupleDepth) return Invalid("tuples nest too deep");
  GUICHET_RETURN_IF_ERROR(CheckCount(tuple_items_.size() + items.size(), kMaxValues, "values"));
  const auto first = static_cast<std::uint32_t>(tuple_items_.size());
  tuple_items_.insert(tuple_items_.end(), items.begin(), items.end());
  return Add({Kind::kTuple, static_cast<std::uint8_t>(depth), first,
              static_cast<std::int64_t>(items.size())});
}

absl::StatusOr<PickleValues::Ref> PickleValues::AddList() {
  GUICHET_RETURN_IF_ERROR(CheckCount(lists_.size(), kMaxContainers, "lists"));
  lists_.emplace_back();
  return Add({Kind::kList, 0, static_cast<std::uint32_t>(lists_.size() - 1), 0});
}

absl::StatusOr<PickleValues::Ref> PickleValues::AddDict(Kind kind) {
  GUICHET_RETURN_IF_ERROR(CheckCount(dicts_.size(), kMaxContainers, "dictionaries"));
  dicts_.emplace_back();
  return Add({kind, 0, static_cast<std::uint32_t>(dicts_.size() - 1), 0});
}

absl::StatusOr<PickleValues::Ref> PickleValues::AddStorage(const PickledStorage& storage) {
  GUICHET_RETURN_IF_ERROR(CheckCount(storages_.size(), kMaxTensors, "storages"));
  storages_.push_back(storage);
  return Add({Kind::kStorage, 0, static_cast<std::uint32_t>(storages_.size() - 1), 0});
}

absl::StatusOr<PickleValues::Ref> PickleValues::AddTensor(PickledTensor tensor) {
  GUICHET_RETURN_IF_ERROR(CheckCount(tensors_.size(), kMaxTensors, "tensors"));
  tensors_.push_back(std::move(tensor));
  return Add({Kind::kTensor, 0, static_cast<std::uint32_t>(tensors_.size() - 1), 0});
}

absl::Status PickleValues::Append(Ref list, std::span<const Ref> items) {
  if (kind(list) != Kind::kList) return Invalid("appends to something that is not a list");
  std::vector<Ref>& target = lists_[nodes_[list].index];
  GUICHET_RETURN_IF_ERROR(
      CheckCount(target.size() + items.size(), kMaxListItems + 1, "items of a list"));
  target.insert(target.end(), items.begin(), items.end());
  return absl::OkStatus();
}

absl::Status PickleValues::SetItems(Ref dict, std::span<const Ref> names_and_values) {
  if (!is_dict(dict)) return Invalid("sets items of something that is not a dictionary");
  if (names_and_values.size() % 2 != 0) return Invalid("a dictionary's name without its value");
  std::vector<Item>& target = dicts_[nodes_[dict].index];
  GUICHET_RETURN_IF_ERROR(CheckCount(target.size() + names_and_values.size() / 2, kMaxTensors + 1,
                                     "items of a dictionary"));
  for (size_t i = 0; i < names_and_values.size(); i += 2) {
    if (kind(names_and_values[i]) != Kind::kString) {
      return Invalid("a dictionary's name is not a string");
    }
    target.emplace_back(names_and_values[i], names_and_values[i + 1]);
  }
  return absl::OkStatus();
}

}  // namespace guichet
