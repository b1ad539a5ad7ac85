#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/data/line_reader.h"

namespace guichet {

// A text that belongs together, a line of the file each paragraph.
struct Document {
  std::vector<std::string> paragraphs;

  // Where the document's content lies between 0 and 1, by its SHA-256: whether it is held out
  // depends on nothing else.
  double Place() const;
};

// The longest document, in bytes: a file without blank lines is cut into such, between paragraphs.
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{1} << 16;

// The documents of text files one after the other: UTF-8, gzip unpacked, a paragraph a line, blank
// lines between documents. Holds one document at a time. Not thread-safe.
class DocumentReader {
 public:
  explicit DocumentReader(std::vector<std::filesystem::path> files) : files_(std::move(files)) {}

  // Nothing at the end. Errors name the file, and the line of text that is not UTF-8 or longer than
  // 1 MiB.
  absl::StatusOr<std::optional<Document>> Next();

 private:
  absl::StatusOr<std::optional<std::string>> NextLine();

  const std::vector<std::filesystem::path> files_;
  std::size_t file_ = 0;  // the next to be opened
  std::unique_ptr<LineReader> lines_;
};

// A file of a corpus as it was read.
struct CorpusFile {
  std::string name;  // without its folder
  std::int64_t bytes = 0;
  std::string sha256;

  friend bool operator==(const CorpusFile&, const CorpusFile&) = default;
};

// INVALID_ARGUMENT: no files, an empty one, or one packed as this build does not unpack.
absl::StatusOr<std::vector<CorpusFile>> InspectFiles(
    const std::vector<std::filesystem::path>& files);

}  // namespace guichet
