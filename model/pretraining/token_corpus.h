#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mapped_file.h"
#include "model/pretraining/denoising.h"
#include "model/pretraining/document_reader.h"
#include "model/text/tokenizer.h"

namespace guichet {

// What a token corpus is made of.
struct CorpusSource {
  const std::vector<std::filesystem::path>& files;
  const Tokenizer& tokenizer;
  std::string tokenizer_sha256;
  // Longest text in tokens, <s> and </s> included. Whole sentences of a document that fit together
  // are one text; a longer sentence is cut.
  int max_tokens = 128;
  // Documents whose place is below this are held out.
  double heldout_share = 0.01;
};

// What became of the files.
struct CorpusFigures {
  std::vector<CorpusFile> files;
  std::int64_t documents = 0;  // held-out ones included
  std::int64_t heldout_documents = 0;
  std::int64_t tokens = 0;  // likewise; <s> and </s> of texts not counted
  std::int64_t heldout_tokens = 0;
  std::int64_t unknown_tokens = 0;  // <unk>, of all tokens
};

// Texts as token ids in a folder of files that are mapped, not read: memory stays bounded whatever
// the corpus holds. The folder appears whole, by a rename. Immutable: safe from any thread.
class TokenCorpus {
 public:
  enum class Part { kTraining, kHeldOut };

  // The corpus of a folder, which is made of the files where it is absent; `progress`, which may be
  // null, is told how many documents are done, and its false ends it with CANCELLED.
  // INVALID_ARGUMENT: a file that cannot be read as text, or no text to train on;
  // FAILED_PRECONDITION: the folder's corpus is of other files, tokenizer or options; DATA_LOSS: it
  // is damaged.
  static absl::StatusOr<TokenCorpus> Open(const std::filesystem::path& folder,
                                          const CorpusSource& source,
                                          const std::function<bool(std::int64_t)>& progress);

  std::size_t size(Part part) const { return Index(part).size(); }
  // Tokens of a text without <s> and </s>.
  int length(Part part, std::size_t text) const {
    return static_cast<int>(Index(part)[text].length);
  }
  SentenceTokens Text(Part part, std::size_t text) const;

  const CorpusFigures& figures() const { return figures_; }
  // Of everything that decides what is in it.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  // A text within the tokens.
  struct Entry {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  class Builder;

  static absl::Status Build(const std::filesystem::path& folder, const CorpusSource& source,
                            const std::string& fingerprint, CorpusFigures figures,
                            const std::function<bool(std::int64_t)>& progress);
  absl::Status ReadFigures(const std::filesystem::path& folder);
  absl::Status MapFiles(const std::filesystem::path& folder);
  absl::Status CheckIndex(std::span<const Entry> index) const;

  std::span<const Entry> Index(Part part) const {
    const MappedFile& file = part == Part::kTraining ? training_ : heldout_;
    return {reinterpret_cast<const Entry*>(file.bytes().data()),
            file.bytes().size() / sizeof(Entry)};
  }
  // Ids; the highest bit marks the first of a sentence.
  std::span<const std::uint32_t> Tokens() const {
    return {reinterpret_cast<const std::uint32_t*>(tokens_.bytes().data()),
            tokens_.bytes().size() / sizeof(std::uint32_t)};
  }

  MappedFile tokens_;
  MappedFile training_;
  MappedFile heldout_;
  CorpusFigures figures_;
  std::string fingerprint_;
};

}  // namespace guichet
