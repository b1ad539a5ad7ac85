#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/checkpoint/checkpoint.h"

namespace guichet {

struct PickledStorage {
  DType dtype = DType::kF32;
  std::string_view key;  // names the record that holds its bytes
  std::int64_t elements = 0;
};

struct PickledTensor {
  std::uint32_t storage = 0;  // index into PickleValues::storages()
  std::int64_t offset = 0;    // in elements, as the strides
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

// The values of one pickle, in one arena: values refer to each other by index, so that nesting and
// cycles cost no recursion. Bounded: it takes at most some 16 MiB. Strings are borrowed from the
// pickle's bytes.
class PickleValues {
 public:
  enum class Kind : std::uint8_t {
    kNone,
    kBool,
    kInteger,
    kString,
    kTuple,
    kList,
    kDict,
    kOrderedDict,
    kGlobal,
    kStorage,
    kTensor
  };
  using Ref = std::uint32_t;
  using Item = std::pair<Ref, Ref>;  // a name and its value

  Kind kind(Ref ref) const { return nodes_[ref].kind; }
  bool is_dict(Ref ref) const {
    return kind(ref) == Kind::kDict || kind(ref) == Kind::kOrderedDict;
  }
  // Each for a value of that kind only. integer(): also booleans and globals.
  std::int64_t integer(Ref ref) const { return nodes_[ref].number; }
  std::string_view string(Ref ref) const { return strings_[nodes_[ref].index]; }
  const std::vector<Ref>& list(Ref ref) const { return lists_[nodes_[ref].index]; }
  const std::vector<Item>& dict(Ref ref) const { return dicts_[nodes_[ref].index]; }
  const PickledTensor& tensor(Ref ref) const { return tensors_[nodes_[ref].index]; }
  std::uint32_t storage_index(Ref ref) const { return nodes_[ref].index; }
  const std::vector<PickledStorage>& storages() const { return storages_; }
  // The items of a tuple; nothing for other kinds.
  std::span<const Ref> tuple(Ref ref) const;
  // A tuple of at most kMaxTensorRank whole numbers.
  absl::StatusOr<std::vector<std::int64_t>> Integers(Ref ref) const;
  // The value of a name in a dictionary, or null.
  const Ref* Find(Ref dict, std::string_view name) const;

  // INVALID_ARGUMENT when a limit is passed, or a string is not UTF-8.
  absl::StatusOr<Ref> AddScalar(Kind kind, std::int64_t number);
  absl::StatusOr<Ref> AddString(std::string_view text);
  absl::StatusOr<Ref> AddTuple(std::span<const Ref> items);
  absl::StatusOr<Ref> AddList();
  absl::StatusOr<Ref> AddDict(Kind kind);
  absl::StatusOr<Ref> AddStorage(const PickledStorage& storage);
  absl::StatusOr<Ref> AddTensor(PickledTensor tensor);
  absl::Status Append(Ref list, std::span<const Ref> items);
  absl::Status SetItems(Ref dict, std::span<const Ref> names_and_values);

 private:
  struct Node {
    Kind kind = Kind::kNone;
    std::uint8_t depth = 0;   // of a tuple: how deep tuples nest in it
    std::uint32_t index = 0;  // into the vector of its kind
    std::int64_t number = 0;  // a scalar, or the length of a tuple
  };
  absl::StatusOr<Ref> Add(Node node);

  std::vector<Node> nodes_;
  std::vector<Ref> tuple_items_;
  std::vector<std::string_view> strings_;
  std::vector<std::vector<Ref>> lists_;
  std::vector<std::vector<Item>> dicts_;
  std::vector<PickledStorage> storages_;
  std::vector<PickledTensor> tensors_;
};

}  // namespace guichet
