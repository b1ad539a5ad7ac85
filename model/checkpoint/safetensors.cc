#include "model/checkpoint/safetensors.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/checkpoint/tensor_rules.h"

namespace guichet {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "tensors are little endian in memory");

constexpr size_t kLengthBytes = sizeof(std::uint64_t);
constexpr size_t kAlignment = 8;
constexpr const char* kMetadataName = "__metadata__";

absl::Status Invalid(std::string_view tensor, std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("tensor {}: {}", Quoted(tensor), problem));
}

absl::StatusOr<std::string_view> HeaderOf(std::span<const std::byte> file) {
  if (file.size() < kLengthBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{} bytes are too short for a safetensors file", file.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > file.size() - kLengthBytes) {
    return absl::InvalidArgumentError(fmt::format(
        "the header is said to have {} bytes, but only {} follow: cut off, or no safetensors file",
        length, file.size() - kLengthBytes));
  }
  if (length > kMaxSafetensorsHeaderBytes) {
    return absl::InvalidArgumentError(fmt::format("the header has {} bytes; at most {} are read",
                                                  length, kMaxSafetensorsHeaderBytes));
  }
  const auto* text = reinterpret_cast<const char*>(file.data() + kLengthBytes);
  return std::string_view(text, static_cast<size_t>(length));
}

absl::StatusOr<json> ParseHeader(std::string_view text) {
  if (!text.starts_with('{')) {
    return absl::InvalidArgumentError("the header does not begin with {: no safetensors file");
  }
  text.remove_suffix(text.size() - text.find_last_not_of(' ') - 1);  // the padding
  JsonLimits limits;
  limits.max_bytes = kMaxSafetensorsHeaderBytes;
  limits.max_values = 10 * kMaxTensors;  // an entry of rank 2 has eight
  return ParseStrictJson(text, limits);
}

absl::Status CheckMetadata(const json& metadata) {
  const bool strings =
      metadata.is_object() && std::all_of(metadata.begin(), metadata.end(),
                                          [](const json& value) { return value.is_string(); });
  if (strings) return absl::OkStatus();
  return absl::InvalidArgumentError("__metadata__ must be an object of strings");
}

struct Entry {
  const std::string* name = nullptr;
  TensorView tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

absl::StatusOr<Entry> ParseEntry(const std::string& name, const json& fields) {
  GUICHET_RETURN_IF_ERROR(CheckTensorName(name));
  if (!fields.is_object() || fields.size() != 3 || !fields.contains("dtype") ||
      !fields.contains("shape") || !fields.contains("data_offsets")) {
    return Invalid(name, "expected an object of exactly dtype, shape and data_offsets");
  }
  Entry entry{&name, {}, 0, 0};
  const json& type = fields["dtype"];
  const auto dtype =
      type.is_string() ? ParseDType(type.get_ref<const std::string&>()) : std::nullopt;
  if (!dtype) {
    return Invalid(name, fmt::format("dtype {} is not read here; expected one of F64, F32, F16, "
                                     "BF16, I64, I32, I16, I8, U8, BOOL",
                                     type.dump().substr(0, 40)));
  }
  entry.tensor.dtype = *dtype;
  const auto is_size = [](const json& value) {
    return value.is_number_unsigned() &&
           value.get<std::uint64_t>() <=
               static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  };
  const json& shape = fields["shape"];
  if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), is_size)) {
    return Invalid(name, "shape must be an array of whole numbers from 0 to 2^63 - 1");
  }
  if (shape.size() > kMaxTensorRank) {
    return Invalid(
        name, fmt::format("has {} dimensions; at most {} are read", shape.size(), kMaxTensorRank));
  }
  entry.tensor.shape = shape.get<std::vector<std::int64_t>>();
  const json& offsets = fields["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 ||
      !std::all_of(offsets.begin(), offsets.end(), is_size)) {
    return Invalid(name, "data_offsets must be two whole numbers from 0 to 2^63 - 1");
  }
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  return entry;
}

absl::Status CheckSize(const Entry& entry) {
  if (entry.end < entry.begin) {
    return Invalid(*entry.name,
                   fmt::format("ends at byte {} before it begins at {}", entry.end, entry.begin));
  }
  const auto bytes = CheckedByteSize(entry.tensor.shape, entry.tensor.dtype);
  if (!bytes.ok()) return Invalid(*entry.name, std::string(bytes.status().message()));
  if (*bytes != entry.end - entry.begin) {
    return Invalid(*entry.name,
                   fmt::format("{} of shape {} needs {} bytes, but its range has {}",
                               NameOf(entry.tensor.dtype), ShapeText(entry.tensor.shape), *bytes,
                               entry.end - entry.begin));
  }
  return absl::OkStatus();
}

// The ranges must cover the data from its first byte to its last without a gap or an overlap.
absl::Status PlaceData(std::vector<Entry>& entries, std::span<const std::byte> data) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t next = 0;
  for (Entry& entry : entries) {
    if (entry.begin != next) {
      return Invalid(*entry.name,
                     fmt::format("begins at byte {} of the data, but the bytes before it end at "
                                 "{}: tensors overlap or leave a gap",
                                 entry.begin, next));
    }
    if (entry.end > data.size()) {
      return Invalid(*entry.name, fmt::format("ends at byte {}, but the file holds {} bytes of "
                                              "data: it is cut off",
                                              entry.end, data.size()));
    }
    entry.tensor.data = data.subspan(entry.begin, entry.end - entry.begin);
    next = entry.end;
  }
  if (next != data.size()) {
    return absl::InvalidArgumentError(
        fmt::format("{} bytes follow the last tensor", data.size() - next));
  }
  return absl::OkStatus();
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::vector<TensorMap::const_iterator> WriteOrder(const TensorMap& tensors) {
  std::vector<TensorMap::const_iterator> order;
  for (auto it = tensors.begin(); it != tensors.end(); ++it) order.push_back(it);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    const size_t size_a = SizeOf(a->second.dtype);
    const size_t size_b = SizeOf(b->second.dtype);
    return size_a != size_b ? size_a > size_b : a->first < b->first;
  });
  return order;
}

absl::StatusOr<std::string> MakeHeader(const std::vector<TensorMap::const_iterator>& order) {
  nlohmann::ordered_json header;
  header[kMetadataName]["format"] = "pt";
  size_t offset = 0;
  for (const auto& it : order) {
    const auto& [name, tensor] = *it;
    GUICHET_RETURN_IF_ERROR(CheckTensorName(name));
    GUICHET_ASSIGN_OR_RETURN(const size_t bytes, CheckedByteSize(tensor.shape, tensor.dtype));
    if (bytes != tensor.data.size()) {
      return Invalid(name, fmt::format("has {} bytes of data, its shape {} needs {}",
                                       tensor.data.size(), ShapeText(tensor.shape), bytes));
    }
    header[name] = {{"dtype", std::string(NameOf(tensor.dtype))},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

}  // namespace

absl::StatusOr<TensorMap> ParseSafetensors(std::span<const std::byte> file) {
  GUICHET_ASSIGN_OR_RETURN(const std::string_view text, HeaderOf(file));
  GUICHET_ASSIGN_OR_RETURN(const json header, ParseHeader(text));
  std::vector<Entry> entries;
  for (const auto& [name, fields] : header.items()) {
    if (name == kMetadataName) {
      GUICHET_RETURN_IF_ERROR(CheckMetadata(fields));
      continue;
    }
    if (entries.size() == kMaxTensors) {
      return absl::InvalidArgumentError(fmt::format("more than {} tensors", kMaxTensors));
    }
    GUICHET_ASSIGN_OR_RETURN(Entry entry, ParseEntry(name, fields));
    GUICHET_RETURN_IF_ERROR(CheckSize(entry));
    entries.push_back(std::move(entry));
  }
  GUICHET_RETURN_IF_ERROR(PlaceData(entries, file.subspan(kLengthBytes + text.size())));
  TensorMap tensors;
  for (Entry& entry : entries) tensors.emplace(*entry.name, std::move(entry.tensor));
  return tensors;
}

absl::Status WriteSafetensors(const TensorMap& tensors, const std::filesystem::path& path) {
  const auto order = WriteOrder(tensors);
  GUICHET_ASSIGN_OR_RETURN(const std::string header, MakeHeader(order));
  const auto failed = [&path](const char* action) {
    return absl::InternalError(
        fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(errno)));
  };
  std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "wbx"));
  if (file == nullptr) return failed("create");
  const auto write = [&file](const void* bytes, size_t size) {
    return size == 0 || std::fwrite(bytes, 1, size, file.get()) == size;
  };
  const std::uint64_t length = header.size();
  if (!write(&length, sizeof length) || !write(header.data(), header.size())) {
    return failed("write");
  }
  for (const auto& it : order) {
    if (!write(it->second.data.data(), it->second.data.size())) return failed("write");
  }
  if (std::fclose(file.release()) != 0) return failed("write");
  return absl::OkStatus();
}

}  // namespace guichet
