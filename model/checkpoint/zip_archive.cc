#include "model/checkpoint/zip_archive.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "model/checkpoint/tensor_rules.h"

// Layout and names by PKWARE's APPNOTE.TXT 6.3.

namespace guichet {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kZip64End = 0x06064b50;
constexpr std::uint32_t kZip64Locator = 0x07064b50;
constexpr size_t kLocalHeaderBytes = 30;
constexpr size_t kCentralHeaderBytes = 46;
constexpr size_t kEndBytes = 22;
constexpr size_t kZip64EndBytes = 56;
constexpr size_t kZip64LocatorBytes = 20;
constexpr std::uint32_t kSentinel32 = 0xffffffff;
constexpr std::uint16_t kSentinel16 = 0xffff;
constexpr std::uint16_t kZip64ExtraId = 1;
constexpr unsigned kSizesFollowData = 1U << 3U;  // general purpose flag: the local header has none
constexpr unsigned kUtf8Name = 1U << 11U;

absl::Status Invalid(std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("zip archive: {}", problem));
}

// Callers have checked that the bytes are there.
template <typename T>
T Load(Bytes bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

bool Fits(Bytes file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() && size <= file.size() - offset;
}

std::string_view Text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint64_t end = 0;  // where the end records begin
};

absl::StatusOr<size_t> FindEnd(Bytes file) {
  constexpr size_t kMaxComment = 0xffff;
  for (size_t back = kEndBytes; back <= file.size() && back <= kEndBytes + kMaxComment; ++back) {
    const size_t at = file.size() - back;
    if (Load<std::uint32_t>(file, at) == kEnd &&
        Load<std::uint16_t>(file, at + 20) == back - kEndBytes) {
      return at;
    }
  }
  return Invalid("the end record is missing: the file is cut off");
}

// torch writes the zip64 end record always, with the true numbers; the sentinels in the plain one
// only when it must.
absl::Status ReadZip64End(Bytes file, size_t locator, Directory& directory) {
  const auto at = Load<std::uint64_t>(file, locator + 8);
  if (!Fits(file, at, kZip64EndBytes) || at + kZip64EndBytes > locator ||
      Load<std::uint32_t>(file, at) != kZip64End) {
    return Invalid("the zip64 end record is not where it is said to be");
  }
  directory.entries = Load<std::uint64_t>(file, at + 32);
  directory.size = Load<std::uint64_t>(file, at + 40);
  directory.offset = Load<std::uint64_t>(file, at + 48);
  directory.end = at;
  return absl::OkStatus();
}

absl::StatusOr<Directory> FindDirectory(Bytes file) {
  GUICHET_ASSIGN_OR_RETURN(const size_t end, FindEnd(file));
  Directory directory;
  directory.entries = Load<std::uint16_t>(file, end + 10);
  directory.size = Load<std::uint32_t>(file, end + 12);
  directory.offset = Load<std::uint32_t>(file, end + 16);
  directory.end = end;
  const Directory plain = directory;
  if (end >= kZip64LocatorBytes &&
      Load<std::uint32_t>(file, end - kZip64LocatorBytes) == kZip64Locator) {
    GUICHET_RETURN_IF_ERROR(ReadZip64End(file, end - kZip64LocatorBytes, directory));
  }
  const bool agree = (plain.entries == directory.entries || plain.entries == kSentinel16) &&
                     (plain.size == directory.size || plain.size == kSentinel32) &&
                     (plain.offset == directory.offset || plain.offset == kSentinel32);
  if (!agree) return Invalid("the two end records disagree");
  if (directory.entries > kMaxZipEntries) {
    return Invalid(
        fmt::format("{} entries; at most {} are read", directory.entries, kMaxZipEntries));
  }
  if (directory.offset > directory.end || directory.size != directory.end - directory.offset) {
    return Invalid("the central directory does not end where the end record begins");
  }
  return directory;
}

struct Entry {
  std::string name;
  std::uint16_t flags = 0;
  std::uint32_t checksum = 0;
  std::uint64_t stored_size = 0;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;
};

// Replaces the fields that hold a sentinel by those of the zip64 extra field, in its fixed order.
absl::Status ApplyZip64(Bytes extra, Entry& entry) {
  while (extra.size() >= 4) {
    const auto id = Load<std::uint16_t>(extra, 0);
    const auto length = Load<std::uint16_t>(extra, 2);
    if (length > extra.size() - 4) break;
    Bytes field = extra.subspan(4, length);
    extra = extra.subspan(4U + length);
    if (id != kZip64ExtraId) continue;
    for (std::uint64_t* value : {&entry.size, &entry.stored_size, &entry.header_offset}) {
      if (*value != kSentinel32) continue;
      if (field.size() < 8) return Invalid(Quoted(entry.name) + " has a short zip64 field");
      *value = Load<std::uint64_t>(field, 0);
      field = field.subspan(8);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckName(std::string_view name) {
  const auto refuse = [name](std::string_view why) {
    return Invalid(fmt::format("the name {} {}", Quoted(name), why));
  };
  GUICHET_RETURN_IF_ERROR(CheckTensorName(name));
  if (name.front() == '/' || name.back() == '/') return refuse("begins or ends with '/'");
  if (name.find('\\') != std::string_view::npos) return refuse("holds a backslash");
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return refuse("leads out of the archive");
    begin = end + 1;
  }
  return absl::OkStatus();
}

// Reads the central header at `at` and moves `at` behind it.
absl::StatusOr<Entry> ReadCentralHeader(Bytes directory, size_t& at) {
  if (!Fits(directory, at, kCentralHeaderBytes) ||
      Load<std::uint32_t>(directory, at) != kCentralHeader) {
    return Invalid("an entry of the central directory is broken");
  }
  const size_t name_bytes = Load<std::uint16_t>(directory, at + 28);
  const size_t extra_bytes = Load<std::uint16_t>(directory, at + 30);
  const size_t comment_bytes = Load<std::uint16_t>(directory, at + 32);
  const size_t total = kCentralHeaderBytes + name_bytes + extra_bytes + comment_bytes;
  if (!Fits(directory, at, total)) return Invalid("the central directory is cut off");
  Entry entry;
  entry.name = Text(directory.subspan(at + kCentralHeaderBytes, name_bytes));
  entry.flags = Load<std::uint16_t>(directory, at + 8);
  entry.checksum = Load<std::uint32_t>(directory, at + 16);
  entry.stored_size = Load<std::uint32_t>(directory, at + 20);
  entry.size = Load<std::uint32_t>(directory, at + 24);
  entry.header_offset = Load<std::uint32_t>(directory, at + 42);
  GUICHET_RETURN_IF_ERROR(CheckName(entry.name));
  if (Load<std::uint16_t>(directory, at + 10) != 0) {
    return Invalid(Quoted(entry.name) + " is compressed; torch.save stores entries as they are");
  }
  if ((entry.flags & ~(kSizesFollowData | kUtf8Name)) != 0) {
    return Invalid(
        fmt::format("{} is encrypted or has other flags ({:#x})", Quoted(entry.name), entry.flags));
  }
  GUICHET_RETURN_IF_ERROR(
      ApplyZip64(directory.subspan(at + kCentralHeaderBytes + name_bytes, extra_bytes), entry));
  if (entry.size != entry.stored_size) {
    return Invalid(Quoted(entry.name) + " has two sizes although it is stored");
  }
  at += total;
  return entry;
}

// The data of an entry. `free_from` is the end of the entry before it: entries may not overlap.
absl::StatusOr<Bytes> ReadData(Bytes body, const Entry& entry, std::uint64_t free_from) {
  const std::string name = Quoted(entry.name);
  const std::uint64_t at = entry.header_offset;
  if (at < free_from) return Invalid(name + " overlaps another entry");
  if (!Fits(body, at, kLocalHeaderBytes) || Load<std::uint32_t>(body, at) != kLocalHeader) {
    return Invalid(name + " is not where the central directory says");
  }
  const size_t name_bytes = Load<std::uint16_t>(body, at + 26);
  const size_t extra_bytes = Load<std::uint16_t>(body, at + 28);
  const std::uint64_t begin = at + kLocalHeaderBytes + name_bytes + extra_bytes;
  if (!Fits(body, begin, entry.size)) {
    return Invalid(
        fmt::format("{} is said to have {} bytes, more than the file holds", name, entry.size));
  }
  const bool same = Text(body.subspan(at + kLocalHeaderBytes, name_bytes)) == entry.name &&
                    Load<std::uint16_t>(body, at + 6) == entry.flags &&
                    Load<std::uint16_t>(body, at + 8) == 0;
  if (!same) return Invalid(name + " has a local header that differs from the central one");
  return body.subspan(begin, entry.size);
}

bool ChecksumFits(Bytes data, std::uint32_t expected) {
  uLong checksum = crc32_z(0, nullptr, 0);
  checksum = crc32_z(checksum, reinterpret_cast<const Bytef*>(data.data()), data.size());
  return checksum == expected;
}

}  // namespace

absl::StatusOr<ZipEntries> ReadStoredZip(Bytes file) {
  GUICHET_ASSIGN_OR_RETURN(const Directory directory, FindDirectory(file));
  const Bytes headers = file.subspan(directory.offset, directory.size);
  std::vector<Entry> entries;
  size_t at = 0;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    GUICHET_ASSIGN_OR_RETURN(Entry entry, ReadCentralHeader(headers, at));
    entries.push_back(std::move(entry));
  }
  if (at != headers.size()) return Invalid("the central directory holds more than its entries");
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.header_offset < b.header_offset; });
  ZipEntries found;
  std::uint64_t free_from = 0;
  for (const Entry& entry : entries) {
    GUICHET_ASSIGN_OR_RETURN(const Bytes data,
                             ReadData(file.first(directory.offset), entry, free_from));
    free_from = static_cast<std::uint64_t>(data.data() - file.data()) + data.size();
    if (!ChecksumFits(data, entry.checksum)) {
      return Invalid(Quoted(entry.name) + " does not have its checksum: the file is damaged");
    }
    if (!found.emplace(entry.name, data).second) {
      return Invalid(Quoted(entry.name) + " is there twice");
    }
  }
  return found;
}

}  // namespace guichet
