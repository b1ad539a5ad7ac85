#include "model/data/byte_source.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

namespace guichet {
namespace {

class StreamSource : public ByteSource {
 public:
  explicit StreamSource(std::istream& stream) : stream_(stream) {}

  absl::StatusOr<size_t> Read(std::span<char> buffer) override {
    stream_.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (stream_.bad()) return absl::DataLossError("the input stream cannot be read");
    return static_cast<size_t>(stream_.gcount());
  }

 private:
  std::istream& stream_;
};

class DescriptorSource : public ByteSource {
 public:
  explicit DescriptorSource(int descriptor) : descriptor_(descriptor) {}

  absl::StatusOr<size_t> Read(std::span<char> buffer) override {
    const ssize_t count = ::read(descriptor_, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<size_t>(count);
    if (errno == EINTR) return absl::CancelledError("a signal came while the input was read");
    return absl::DataLossError(fmt::format("the input cannot be read: {}", std::strerror(errno)));
  }

 private:
  const int descriptor_;
};

// gzread passes plain files through unchanged.
class FileSource : public ByteSource {
 public:
  FileSource(std::filesystem::path path, gzFile file)
      : path_(std::move(path)), file_(file, gzclose) {}

  absl::StatusOr<size_t> Read(std::span<char> buffer) override {
    const int count = gzread(file_.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    int error = Z_OK;
    const char* message = gzerror(file_.get(), &error);
    if (count < 0 || (error != Z_OK && error != Z_STREAM_END)) {
      return absl::DataLossError(fmt::format("cannot read {}: {}", path_.string(), message));
    }
    return static_cast<size_t>(count);
  }

 private:
  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenFileSource(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return absl::NotFoundError(fmt::format("no such file: {}", path.string()));
  }
  if (std::filesystem::is_directory(status)) {
    return absl::FailedPreconditionError(
        fmt::format("{} is a folder; name a file of tickets", path.string()));
  }
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    return absl::FailedPreconditionError(
        fmt::format("cannot open {}; check its permissions", path.string()));
  }
  return std::make_unique<FileSource>(path, file);
}

std::unique_ptr<ByteSource> MakeStreamSource(std::istream& stream) {
  return std::make_unique<StreamSource>(stream);
}

std::unique_ptr<ByteSource> MakeDescriptorSource(int descriptor) {
  return std::make_unique<DescriptorSource>(descriptor);
}

}  // namespace guichet
