#include "model/tracking/wandb_log.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "model/tracking/append_file.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 32'768;
constexpr std::size_t kChunkHeader = 7;
constexpr std::string_view kFileHeader("\x3AW&B\xE1\xBE\x00", 7);
enum ChunkType : int { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

std::uint32_t Checksum(int type, std::string_view payload) {
  const auto first = static_cast<Bytef>(type);
  const uLong seed = ::crc32(0, &first, 1);
  return static_cast<std::uint32_t>(::crc32(seed, reinterpret_cast<const Bytef*>(payload.data()),
                                            static_cast<uInt>(payload.size())));
}

void PutLittleEndian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8U) out += static_cast<char>(value & 0xFFU);
}

std::uint32_t GetLittleEndian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = (value << 8U) | static_cast<std::uint8_t>(bytes[i - 1]);
  }
  return value;
}

std::size_t LeftInBlock(std::size_t position) { return kBlock - position % kBlock; }

// Reads chunks from a file, as far as they are whole.
class ChunkReader {
 public:
  explicit ChunkReader(const fs::path& path) : file_(path, std::ios::binary) {}

  bool ReadFileHeader() { return Read(kFileHeader.size()) && buffer_ == kFileHeader; }

  // The next chunk's type; nothing at the end, or where what follows is no whole chunk.
  std::optional<int> Next(std::string& payload) {
    if (LeftInBlock(position_) < kChunkHeader && !Read(LeftInBlock(position_))) return {};
    if (!Read(kChunkHeader)) return {};
    const std::uint32_t checksum = GetLittleEndian(std::string_view(buffer_).substr(0, 4));
    const std::size_t length = GetLittleEndian(std::string_view(buffer_).substr(4, 2));
    const int type = static_cast<std::uint8_t>(buffer_[6]);
    if (position_ % kBlock + length > kBlock || !Read(length)) return {};
    if (Checksum(type, buffer_) != checksum) return {};
    payload = buffer_;
    return type;
  }

  std::size_t position() const { return position_; }

 private:
  bool Read(std::size_t bytes) {
    buffer_.resize(bytes);
    file_.read(buffer_.data(), static_cast<std::streamsize>(bytes));
    if (file_.gcount() != static_cast<std::streamsize>(bytes)) return false;
    position_ += bytes;
    return true;
  }

  std::ifstream file_;
  std::string buffer_;
  std::size_t position_ = 0;
};

// Where the last whole record ends; 0 when it is no such log.
std::size_t ScanRecords(const fs::path& path,
                        const std::function<bool(std::string_view)>& on_record) {
  ChunkReader reader(path);
  if (!reader.ReadFileHeader()) return 0;
  std::size_t end = reader.position();
  std::string record;
  std::string payload;
  bool inside = false;
  while (const std::optional<int> type = reader.Next(payload)) {
    const bool starts = *type == kFull || *type == kFirst;
    if (starts == inside || *type < kFull || *type > kLast) break;
    record = starts ? payload : record + payload;
    inside = *type == kFirst || *type == kMiddle;
    if (inside) continue;
    if (!on_record(record)) break;
    end = reader.position();
  }
  return end;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WandbLog>> WandbLog::Create(const fs::path& path) {
  GUICHET_ASSIGN_OR_RETURN(const int file, OpenToAppend(path, O_EXCL));
  std::unique_ptr<WandbLog> log(new WandbLog(file, 0, path));
  log->pending_ = kFileHeader;
  GUICHET_RETURN_IF_ERROR(log->Flush());
  return log;
}

absl::StatusOr<std::unique_ptr<WandbLog>> WandbLog::Resume(
    const fs::path& path, const std::function<bool(std::string_view)>& on_record) {
  std::error_code error;
  if (!fs::exists(path, error)) return absl::NotFoundError(path.string() + " does not exist");
  const std::size_t end = ScanRecords(path, on_record);
  if (end == 0) return absl::DataLossError(path.string() + " is no W&B log");
  GUICHET_ASSIGN_OR_RETURN(const int file, OpenToAppend(path));
  std::unique_ptr<WandbLog> log(new WandbLog(file, static_cast<std::int64_t>(end), path));
  GUICHET_RETURN_IF_ERROR(CutFile(file, log->size_, log->path_));
  return log;
}

WandbLog::~WandbLog() { ::close(file_); }

void WandbLog::AppendChunk(int type, std::string_view payload) {
  PutLittleEndian(pending_, Checksum(type, payload), 4);
  PutLittleEndian(pending_, payload.size(), 2);
  pending_ += static_cast<char>(type);
  pending_ += payload;
}

void WandbLog::Append(std::string_view record) {
  bool first = true;
  do {
    std::size_t left = LeftInBlock(static_cast<std::size_t>(size_) + pending_.size());
    if (left < kChunkHeader) {
      pending_.append(left, '\0');
      left = kBlock;
    }
    const std::string_view payload = record.substr(0, left - kChunkHeader);
    record.remove_prefix(payload.size());
    const bool last = record.empty();
    AppendChunk(first ? (last ? kFull : kFirst) : (last ? kLast : kMiddle), payload);
    first = false;
  } while (!record.empty());
}

absl::Status WandbLog::Flush() {
  const std::string bytes = std::exchange(pending_, {});
  return AppendWhole(file_, bytes, size_, path_);
}

absl::Status WandbLog::Sync() {
  GUICHET_RETURN_IF_ERROR(Flush());
  return ::fsync(file_) == 0 ? absl::OkStatus() : FileError("sync", path_, errno);
}

}  // namespace guichet
