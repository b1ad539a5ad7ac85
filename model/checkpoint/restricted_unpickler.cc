#include "model/checkpoint/restricted_unpickler.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "model/checkpoint/pickle_bytes.h"
#include "model/checkpoint/pickle_stack.h"

namespace guichet {
namespace {

using Kind = PickleValues::Kind;
using Ref = PickleValues::Ref;

constexpr size_t kMaxPickleBytes = size_t{64} << 20;
constexpr size_t kMaxGlobalBytes = 128;
constexpr int kProtocol = 2;

// Names by CPython's Lib/pickle.py.
enum Opcode : unsigned {
  kMark = '(',
  kEmptyTuple = ')',
  kStop = '.',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersistentId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
};

// What a global may be: the storage classes in the order of DType, then three callables.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kGlobals = {{
    {"torch", "DoubleStorage"},
    {"torch", "FloatStorage"},
    {"torch", "HalfStorage"},
    {"torch", "BFloat16Storage"},
    {"torch", "LongStorage"},
    {"torch", "IntStorage"},
    {"torch", "ShortStorage"},
    {"torch", "CharStorage"},
    {"torch", "ByteStorage"},
    {"torch", "BoolStorage"},
    {"collections", "OrderedDict"},
    {"torch._utils", "_rebuild_tensor_v2"},
    {"torch._utils", "_rebuild_parameter"},
}};
constexpr std::int64_t kStorageClasses = 10;
constexpr std::int64_t kOrderedDict = 10;
constexpr std::int64_t kRebuildTensor = 11;
constexpr std::int64_t kRebuildParameter = 12;

absl::Status Invalid(std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("pickle: {}", problem));
}

// The stack machine of pickle with the few opcodes that a state_dict needs.
class Machine {
 public:
  explicit Machine(std::span<const std::byte> pickle) : bytes_(pickle) {}

  absl::StatusOr<Unpickled> Run() {
    GUICHET_ASSIGN_OR_RETURN(const auto opcode, bytes_.TakeNumber<std::uint8_t>());
    GUICHET_ASSIGN_OR_RETURN(const auto protocol, bytes_.TakeNumber<std::uint8_t>());
    if (opcode != kProto || protocol != kProtocol) {
      return Invalid(fmt::format("expected protocol {}, as torch.save writes it", kProtocol));
    }
    while (true) {
      GUICHET_ASSIGN_OR_RETURN(const auto next, bytes_.TakeNumber<std::uint8_t>());
      if (next == kStop) break;
      GUICHET_RETURN_IF_ERROR(Step(next));
    }
    GUICHET_ASSIGN_OR_RETURN(const Ref root, stack_.Pop());
    if (!stack_.empty()) return Invalid("values are left at its end");
    return Unpickled{std::move(values_), root, bytes_.bytes_read()};
  }

 private:
  absl::Status Step(unsigned opcode) {
    switch (opcode) {
      case kMark:
        return stack_.Mark();
      case kNone:
        return stack_.Push(values_.AddScalar(Kind::kNone, 0));
      case kNewTrue:
      case kNewFalse:
        return stack_.Push(values_.AddScalar(Kind::kBool, opcode == kNewTrue ? 1 : 0));
      case kBinInt:
        return PushInteger<std::int32_t>();
      case kBinInt1:
        return PushInteger<std::uint8_t>();
      case kBinInt2:
        return PushInteger<std::uint16_t>();
      case kLong1:
        return PushLong();
      case kBinUnicode:
        return PushString();
      case kGlobal:
        return PushGlobal();
      case kEmptyList:
        return stack_.Push(values_.AddList());
      case kEmptyDict:
        return stack_.Push(values_.AddDict(Kind::kDict));
      default:
        return Combine(opcode);
    }
  }

  // The opcodes that work on what is on the stack.
  absl::Status Combine(unsigned opcode) {
    switch (opcode) {
      case kEmptyTuple:
        return stack_.Push(values_.AddTuple({}));
      case kTuple1:
      case kTuple2:
      case kTuple3: {
        GUICHET_ASSIGN_OR_RETURN(const auto items, stack_.PopMany(opcode - kTuple1 + 1));
        return stack_.Push(values_.AddTuple(items));
      }
      case kTuple: {
        GUICHET_ASSIGN_OR_RETURN(const auto items, stack_.PopToMark());
        return stack_.Push(values_.AddTuple(items));
      }
      case kAppend:
      case kAppends: {
        GUICHET_ASSIGN_OR_RETURN(const auto items,
                                 opcode == kAppend ? stack_.PopMany(1) : stack_.PopToMark());
        GUICHET_ASSIGN_OR_RETURN(const Ref list, stack_.Top());
        return values_.Append(list, items);
      }
      case kSetItem:
      case kSetItems: {
        GUICHET_ASSIGN_OR_RETURN(const auto items,
                                 opcode == kSetItem ? stack_.PopMany(2) : stack_.PopToMark());
        GUICHET_ASSIGN_OR_RETURN(const Ref dict, stack_.Top());
        return values_.SetItems(dict, items);
      }
      case kBinPut:
        return stack_.Memoize(bytes_.TakeNumber<std::uint8_t>());
      case kLongBinPut:
        return stack_.Memoize(bytes_.TakeNumber<std::uint32_t>());
      case kBinGet:
        return stack_.Recall(bytes_.TakeNumber<std::uint8_t>());
      case kLongBinGet:
        return stack_.Recall(bytes_.TakeNumber<std::uint32_t>());
      case kBinPersistentId:
        return PushStorage();
      case kReduce:
        return Reduce();
      case kBuild:
        return Build();
      default:
        return Invalid(fmt::format("opcode {:#04x} has no place in a state_dict", opcode));
    }
  }

  template <typename T>
  absl::Status PushInteger() {
    GUICHET_ASSIGN_OR_RETURN(const auto value, bytes_.TakeNumber<T>());
    return stack_.Push(values_.AddScalar(Kind::kInteger, value));
  }

  absl::Status PushLong() {
    GUICHET_ASSIGN_OR_RETURN(const auto length, bytes_.TakeNumber<std::uint8_t>());
    if (length > sizeof(std::int64_t)) return Invalid("a whole number of more than 64 bits");
    GUICHET_ASSIGN_OR_RETURN(const auto digits, bytes_.Take(length));
    std::int64_t value = 0;
    if (length > 0) {
      const bool negative = (digits.back() & std::byte{0x80}) != std::byte{0};
      value = negative ? -1 : 0;  // extends the sign
      std::memcpy(&value, digits.data(), length);
    }
    return stack_.Push(values_.AddScalar(Kind::kInteger, value));
  }

  absl::Status PushString() {
    GUICHET_ASSIGN_OR_RETURN(const auto length, bytes_.TakeNumber<std::uint32_t>());
    GUICHET_ASSIGN_OR_RETURN(const auto text, bytes_.Take(length));
    return stack_.Push(
        values_.AddString({reinterpret_cast<const char*>(text.data()), text.size()}));
  }

  absl::Status PushGlobal() {
    GUICHET_ASSIGN_OR_RETURN(const std::string_view module, bytes_.TakeLine(kMaxGlobalBytes));
    GUICHET_ASSIGN_OR_RETURN(const std::string_view name, bytes_.TakeLine(kMaxGlobalBytes));
    for (size_t i = 0; i < kGlobals.size(); ++i) {
      if (kGlobals[i] == std::pair(module, name)) {
        return stack_.Push(values_.AddScalar(Kind::kGlobal, static_cast<std::int64_t>(i)));
      }
    }
    return Invalid(
        fmt::format("the global {}.{} is not allowed: only state_dicts of tensors are read. If you "
                    "trust the file, load it in Python and save its state_dict as safetensors",
                    module, name));
  }

  // ('storage', class, key, location, elements), in files before torch 1.6 with a None at the end.
  absl::Status PushStorage() {
    GUICHET_ASSIGN_OR_RETURN(const Ref ref, stack_.Pop());
    const auto items = values_.tuple(ref);
    const auto is = [&](size_t i, Kind kind) { return values_.kind(items[i]) == kind; };
    const bool shaped = (items.size() == 5 || (items.size() == 6 && is(5, Kind::kNone))) &&
                        is(0, Kind::kString) && values_.string(items[0]) == "storage" &&
                        is(1, Kind::kGlobal) && values_.integer(items[1]) < kStorageClasses &&
                        is(2, Kind::kString) && is(3, Kind::kString) && is(4, Kind::kInteger);
    if (!shaped) return Invalid("a persistent id that is not a storage");
    const std::int64_t elements = values_.integer(items[4]);
    if (elements < 0) return Invalid("a storage of a negative size");
    return stack_.Push(values_.AddStorage(
        {static_cast<DType>(values_.integer(items[1])), values_.string(items[2]), elements}));
  }

  absl::Status Reduce() {
    GUICHET_ASSIGN_OR_RETURN(const Ref arguments, stack_.Pop());
    GUICHET_ASSIGN_OR_RETURN(const Ref callable, stack_.Pop());
    if (values_.kind(callable) != Kind::kGlobal || values_.kind(arguments) != Kind::kTuple) {
      return Invalid("calls something that is not a function");
    }
    const auto items = values_.tuple(arguments);
    switch (values_.integer(callable)) {
      case kOrderedDict:
        if (!items.empty()) return Invalid("OrderedDict with arguments");
        return stack_.Push(values_.AddDict(Kind::kOrderedDict));
      case kRebuildTensor:
        return Rebuild(items);
      case kRebuildParameter:
        if (items.size() != 3 || values_.kind(items[0]) != Kind::kTensor) {
          return Invalid("_rebuild_parameter expects a tensor, requires_grad and hooks");
        }
        return stack_.Push(items[0]);
      default:
        return Invalid("calls a storage class");
    }
  }

  // (storage, offset, sizes, strides, requires_grad, hooks)
  absl::Status Rebuild(std::span<const Ref> items) {
    if (items.size() != 6 || values_.kind(items[0]) != Kind::kStorage ||
        values_.kind(items[1]) != Kind::kInteger) {
      return Invalid(
          "_rebuild_tensor_v2 expects a storage, an offset, sizes, strides and two more");
    }
    PickledTensor tensor;
    tensor.storage = values_.storage_index(items[0]);
    tensor.offset = values_.integer(items[1]);
    GUICHET_ASSIGN_OR_RETURN(tensor.sizes, values_.Integers(items[2]));
    GUICHET_ASSIGN_OR_RETURN(tensor.strides, values_.Integers(items[3]));
    return stack_.Push(values_.AddTensor(std::move(tensor)));
  }

  // torch sets `_metadata` on the OrderedDict; nothing of it is needed.
  absl::Status Build() {
    GUICHET_RETURN_IF_ERROR(stack_.Pop().status());
    GUICHET_ASSIGN_OR_RETURN(const Ref target, stack_.Top());
    if (values_.kind(target) == Kind::kOrderedDict) return absl::OkStatus();
    return Invalid("BUILD on something that is not an OrderedDict");
  }

  PickleBytes bytes_;
  PickleValues values_;
  PickleStack stack_;
};

}  // namespace

absl::StatusOr<Unpickled> UnpickleStateDict(std::span<const std::byte> pickle) {
  return Machine(pickle.first(std::min(pickle.size(), kMaxPickleBytes))).Run();
}

}  // namespace guichet
