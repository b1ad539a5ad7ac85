#include "model/checkpoint/torch_archive.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "model/checkpoint/restricted_unpickler.h"
#include "model/checkpoint/tensor_rules.h"
#include "model/checkpoint/zip_archive.h"

namespace guichet {
namespace {

using Bytes = std::span<const std::byte>;
using Kind = PickleValues::Kind;
using Ref = PickleValues::Ref;
// The bytes of a storage by its key.
using FindRecord = std::function<absl::StatusOr<Bytes>(const PickledStorage& storage)>;

absl::Status Invalid(std::string_view problem) {
  return absl::InvalidArgumentError(std::string(problem));
}

std::string_view Text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Turns unpickled tensors into views on the records that hold their bytes.
class Assembler {
 public:
  Assembler(const Unpickled& pickle, FindRecord find_record, size_t copy_budget)
      : pickle_(pickle.values),
        root_(pickle.root),
        find_record_(std::move(find_record)),
        copy_budget_(copy_budget) {}

  absl::StatusOr<TorchTensors> Assemble() {
    GUICHET_ASSIGN_OR_RETURN(const Ref dict, FindStateDict());
    for (const auto& [name_ref, value] : pickle_.dict(dict)) {
      const std::string name(pickle_.string(name_ref));
      GUICHET_RETURN_IF_ERROR(CheckTensorName(name));
      if (pickle_.kind(value) != Kind::kTensor) {
        return Invalid(fmt::format("the value of {} is not a tensor", Quoted(name)));
      }
      absl::StatusOr<TensorView> view = MakeView(pickle_.tensor(value));
      if (!view.ok()) {
        return Invalid(
            fmt::format("tensor {}: {}", Quoted(name), std::string(view.status().message())));
      }
      if (!result_.tensors.emplace(name, *std::move(view)).second) {
        return Invalid(fmt::format("tensor {} is there twice", Quoted(name)));
      }
    }
    return std::move(result_);
  }

 private:
  absl::StatusOr<Ref> FindStateDict() const {
    if (!pickle_.is_dict(root_)) return Invalid("the file holds no dictionary of tensors");
    for (const char* name : {"model", "state_dict"}) {
      const auto* nested = pickle_.Find(root_, name);
      if (nested != nullptr && pickle_.is_dict(*nested)) return *nested;
    }
    return root_;
  }

  absl::StatusOr<Bytes> RecordOf(const PickledStorage& storage) {
    const auto [it, first_use] = storages_.emplace(storage.key, storage);
    if (!first_use &&
        (it->second.dtype != storage.dtype || it->second.elements != storage.elements)) {
      return Invalid(fmt::format("storage {} is used as two types", Quoted(storage.key)));
    }
    const std::array shape = {storage.elements};
    GUICHET_ASSIGN_OR_RETURN(const size_t bytes, CheckedByteSize(shape, storage.dtype));
    GUICHET_ASSIGN_OR_RETURN(const Bytes record, find_record_(storage));
    if (record.size() != bytes) {
      return Invalid(fmt::format("storage {} has {} bytes in the file, but {} elements of {}",
                                 Quoted(storage.key), record.size(), storage.elements,
                                 NameOf(storage.dtype)));
    }
    return record;
  }

  absl::StatusOr<TensorView> MakeView(const PickledTensor& tensor) {
    const PickledStorage& storage = pickle_.storages()[tensor.storage];
    GUICHET_ASSIGN_OR_RETURN(const Bytes record, RecordOf(storage));
    GUICHET_ASSIGN_OR_RETURN(const size_t bytes, CheckedByteSize(tensor.sizes, storage.dtype));
    GUICHET_RETURN_IF_ERROR(CheckBounds(tensor, storage.elements, bytes == 0));
    if (bytes == 0) return TensorView{storage.dtype, tensor.sizes, {}};
    const size_t begin = static_cast<size_t>(tensor.offset) * SizeOf(storage.dtype);
    if (IsContiguous(tensor)) {
      return TensorView{storage.dtype, tensor.sizes, record.subspan(begin, bytes)};
    }
    if (bytes > copy_budget_) {
      return Invalid(
          fmt::format("its {} bytes are a repetition of a smaller storage; save a "
                      "contiguous copy",
                      bytes));
    }
    copy_budget_ -= bytes;
    result_.copies.push_back(
        CopyInOrder(tensor, record.subspan(begin), SizeOf(storage.dtype), bytes));
    return TensorView{storage.dtype, tensor.sizes, result_.copies.back()};
  }

  // Every element must lie in the storage.
  static absl::Status CheckBounds(const PickledTensor& tensor, std::int64_t elements, bool empty) {
    if (tensor.sizes.size() != tensor.strides.size()) {
      return Invalid("has another number of strides than of dimensions");
    }
    if (tensor.offset < 0 || tensor.offset > elements) {
      return Invalid(fmt::format("begins at element {} of {}", tensor.offset, elements));
    }
    std::int64_t last = tensor.offset;
    for (size_t i = 0; i < tensor.sizes.size(); ++i) {
      if (tensor.strides[i] < 0) return Invalid("has a negative stride");
      std::int64_t reach = 0;
      if (!empty && (__builtin_mul_overflow(tensor.sizes[i] - 1, tensor.strides[i], &reach) ||
                     __builtin_add_overflow(last, reach, &last))) {
        return Invalid("has strides that overflow 63 bits");
      }
    }
    if (!empty && last >= elements) {
      return Invalid(fmt::format("reaches element {} of a storage of {}", last, elements));
    }
    return absl::OkStatus();
  }

  static bool IsContiguous(const PickledTensor& tensor) {
    std::int64_t expected = 1;
    for (size_t i = tensor.sizes.size(); i > 0; --i) {
      const std::int64_t size = tensor.sizes[i - 1];
      if (size != 1 && tensor.strides[i - 1] != expected) return false;
      expected *= size;  // at most the element count, which was checked
    }
    return true;
  }

  static std::vector<std::byte> CopyInOrder(const PickledTensor& tensor, Bytes source,
                                            size_t element, size_t bytes) {
    std::vector<std::byte> copy(bytes);
    std::vector<std::int64_t> index(tensor.sizes.size(), 0);
    std::int64_t from = 0;
    for (size_t to = 0; to < bytes; to += element) {
      std::memcpy(copy.data() + to, source.data() + static_cast<size_t>(from) * element, element);
      for (size_t d = index.size(); d > 0; --d) {
        if (tensor.sizes[d - 1] == 1) continue;  // its stride was not checked: it leads nowhere
        from += tensor.strides[d - 1];
        if (++index[d - 1] < tensor.sizes[d - 1]) break;
        from -= tensor.strides[d - 1] * tensor.sizes[d - 1];
        index[d - 1] = 0;
      }
    }
    return copy;
  }

  const PickleValues& pickle_;
  Ref root_;
  FindRecord find_record_;
  size_t copy_budget_;
  std::map<std::string_view, PickledStorage> storages_;
  TorchTensors result_;
};

// All entries lie under one folder, which torch names after the file.
absl::StatusOr<std::string> RootOf(const ZipEntries& entries) {
  std::string root;
  for (const auto& [name, bytes] : entries) {
    const size_t slash = name.find('/');
    if (slash == std::string::npos) {
      return Invalid(fmt::format("zip archive: {} lies in no folder", Quoted(name)));
    }
    const std::string folder = name.substr(0, slash + 1);
    if (!root.empty() && folder != root) return Invalid("zip archive: entries under two folders");
    root = folder;
  }
  return root;
}

absl::StatusOr<TorchTensors> ParseZip(Bytes file) {
  GUICHET_ASSIGN_OR_RETURN(const ZipEntries entries, ReadStoredZip(file));
  GUICHET_ASSIGN_OR_RETURN(const std::string root, RootOf(entries));
  const auto pickle = entries.find(root + "data.pkl");
  if (pickle == entries.end()) return Invalid("zip archive: data.pkl is missing");
  const auto order = entries.find(root + "byteorder");
  if (order != entries.end() && Text(order->second) != "little") {
    return Invalid("the byteorder is not little");
  }
  GUICHET_ASSIGN_OR_RETURN(const Unpickled value, UnpickleStateDict(pickle->second));
  if (value.bytes_read != pickle->second.size()) return Invalid("pickle: bytes follow its end");
  const auto find_record = [&](const PickledStorage& storage) -> absl::StatusOr<Bytes> {
    const auto record = entries.find(fmt::format("{}data/{}", root, storage.key));
    if (record != entries.end()) return record->second;
    return Invalid(fmt::format("storage {} is not in the archive", Quoted(storage.key)));
  };
  return Assembler(value, find_record, file.size()).Assemble();
}

// Before torch 1.6: five pickles (a magic number, 1001, facts about the machine, the object, the
// keys of the storages), then for each storage its count of elements and its bytes.
constexpr std::string_view kLegacyStart(
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    "\x80\x02M\xe9\x03.",
    21);

using LegacyRecords = std::map<std::string_view, Bytes>;

absl::StatusOr<LegacyRecords> ReadLegacyRecords(const Unpickled& object, const Unpickled& keys,
                                                Bytes data) {
  std::map<std::string_view, DType> types;
  for (const PickledStorage& storage : object.values.storages())
    types.emplace(storage.key, storage.dtype);
  if (keys.values.kind(keys.root) != Kind::kList) return Invalid("the list of storages is missing");
  LegacyRecords records;
  for (const Ref ref : keys.values.list(keys.root)) {
    if (keys.values.kind(ref) != Kind::kString) return Invalid("a storage's key is not a string");
    const std::string_view key = keys.values.string(ref);
    const auto type = types.find(key);
    if (type == types.end()) {
      return Invalid(fmt::format("storage {} belongs to no tensor", Quoted(key)));
    }
    std::int64_t count = 0;
    if (data.size() < sizeof count) return Invalid("the file is cut off");
    std::memcpy(&count, data.data(), sizeof count);
    data = data.subspan(sizeof count);
    const std::array shape = {count};
    GUICHET_ASSIGN_OR_RETURN(const size_t bytes, CheckedByteSize(shape, type->second));
    if (bytes > data.size()) {
      return Invalid(
          fmt::format("storage {} is cut off: {} bytes of {}", Quoted(key), data.size(), bytes));
    }
    if (!records.emplace(key, data.first(bytes)).second) {
      return Invalid(fmt::format("storage {} is there twice", Quoted(key)));
    }
    data = data.subspan(bytes);
  }
  if (!data.empty()) return Invalid(fmt::format("{} bytes follow the last storage", data.size()));
  return records;
}

absl::StatusOr<TorchTensors> ParseLegacy(Bytes file) {
  Bytes rest = file.subspan(kLegacyStart.size());
  GUICHET_ASSIGN_OR_RETURN(const Unpickled facts, UnpickleStateDict(rest));
  if (!facts.values.is_dict(facts.root)) return Invalid("the facts about the machine are missing");
  const Ref* little = facts.values.Find(facts.root, "little_endian");
  if (little != nullptr && facts.values.integer(*little) != 1) {
    return Invalid("the file was not written on a little-endian machine");
  }
  rest = rest.subspan(facts.bytes_read);
  GUICHET_ASSIGN_OR_RETURN(const Unpickled object, UnpickleStateDict(rest));
  rest = rest.subspan(object.bytes_read);
  GUICHET_ASSIGN_OR_RETURN(const Unpickled keys, UnpickleStateDict(rest));
  rest = rest.subspan(keys.bytes_read);
  GUICHET_ASSIGN_OR_RETURN(const LegacyRecords records, ReadLegacyRecords(object, keys, rest));
  const auto find_record = [&records](const PickledStorage& storage) -> absl::StatusOr<Bytes> {
    const auto record = records.find(storage.key);
    if (record != records.end()) return record->second;
    return Invalid(fmt::format("storage {} is not in the file", Quoted(storage.key)));
  };
  return Assembler(object, find_record, file.size()).Assemble();
}

}  // namespace

absl::StatusOr<TorchTensors> ParseTorchFile(Bytes file) {
  if (Text(file).starts_with("PK")) return ParseZip(file);
  if (Text(file).starts_with(kLegacyStart)) return ParseLegacy(file);
  return Invalid(
      "not a file of torch.save (neither its zip format nor the one before torch 1.6); save the "
      "model again as safetensors");
}

}  // namespace guichet
