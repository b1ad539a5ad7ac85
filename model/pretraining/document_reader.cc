#include "model/pretraining/document_reader.h"

#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/data/byte_source.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

absl::Status In(const std::filesystem::path& file, const absl::Status& status) {
  return {status.code(), fmt::format("{}: {}", file.string(), std::string(status.message()))};
}

// Other packings than gzip, by their first bytes.
constexpr std::pair<std::string_view, std::string_view> kPacked[] = {
    {std::string_view("\xFD"
                      "7zXZ"),
     "xz -dk"},
    {"BZh", "bzip2 -dk"},
    {"\x28\xB5\x2F\xFD", "zstd -dk"},
    {"PK\x03\x04", "unzip"},
};

}  // namespace

double Document::Place() const {
  Sha256 hash;
  for (const std::string& paragraph : paragraphs) {
    hash.Update(paragraph);
    hash.Update("\n");
  }
  const std::string bytes = absl::HexStringToBytes(hash.HexDigest());
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof(word));
  return static_cast<double>(word >> 11U) * 0x1.0p-53;
}

absl::StatusOr<std::optional<std::string>> DocumentReader::NextLine() {
  while (lines_ != nullptr || file_ < files_.size()) {
    if (lines_ == nullptr) {
      GUICHET_ASSIGN_OR_RETURN(auto source, OpenFileSource(files_[file_++]));
      lines_ = std::make_unique<LineReader>(std::move(source), LineReaderOptions{});
    }
    auto line = lines_->Next();
    if (!line.ok()) return In(files_[file_ - 1], line.status());
    if (line->has_value()) return *std::move(line);
    lines_.reset();
    // The end of a file ends its last document.
    return std::string();
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<Document>> DocumentReader::Next() {
  Document document;
  std::size_t bytes = 0;
  while (bytes < kMaxDocumentBytes) {
    GUICHET_ASSIGN_OR_RETURN(std::optional<std::string> line, NextLine());
    if (!line) break;
    if (!Strip(*line).empty()) {
      bytes += line->size();
      document.paragraphs.push_back(*std::move(line));
    } else if (!document.paragraphs.empty()) {
      break;
    }
  }
  if (document.paragraphs.empty()) return std::nullopt;
  return document;
}

absl::StatusOr<std::vector<CorpusFile>> InspectFiles(
    const std::vector<std::filesystem::path>& files) {
  if (files.empty()) return absl::InvalidArgumentError("no corpus: name a text file or several");
  std::vector<CorpusFile> found;
  for (const std::filesystem::path& path : files) {
    GUICHET_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
    const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                                file.bytes().size());
    if (text.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("{} is empty; leave it out of the corpus", path.string()));
    }
    for (const auto& [mark, unpack] : kPacked) {
      if (!text.starts_with(mark)) continue;
      return absl::InvalidArgumentError(fmt::format(
          "{} is packed, and only gzip is unpacked here; run '{} {}' first and name the text",
          path.string(), unpack, path.string()));
    }
    found.push_back({.name = path.filename().string(),
                     .bytes = static_cast<std::int64_t>(text.size()),
                     .sha256 = Sha256Hex(file.bytes())});
  }
  return found;
}

}  // namespace guichet
