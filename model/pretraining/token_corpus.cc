#include "model/pretraining/token_corpus.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/pretraining/sentences.h"

namespace guichet {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CorpusFile, name, bytes, sha256)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CorpusFigures, files, documents, heldout_documents, tokens,
                                   heldout_tokens, unknown_tokens)

namespace {

namespace fs = std::filesystem;

constexpr const char* kTokensFile = "tokens.u32";
constexpr const char* kTrainingFile = "training.index";
constexpr const char* kHeldOutFile = "heldout.index";
constexpr const char* kFiguresFile = "corpus.json";
constexpr std::uint32_t kSentenceMark = 0x80000000U;
// What is left over at the end of a document may be too little to learn from.
constexpr std::size_t kFewestTokens = 4;

std::string FingerprintOf(const CorpusSource& source, const std::vector<CorpusFile>& files) {
  // The format's version, so that another layout is not taken for this one.
  return Sha256Hex(nlohmann::json{{"format", 1},
                                  {"files", files},
                                  {"tokenizer", source.tokenizer_sha256},
                                  {"max_tokens", source.max_tokens},
                                  {"heldout_share", source.heldout_share}}
                       .dump());
}

absl::Status Damaged(const fs::path& folder, std::string_view why) {
  return absl::DataLossError(
      fmt::format("the tokenised corpus {} is damaged: {}; remove it and "
                  "start again",
                  folder.string(), why));
}

template <typename T>
void Write(std::ofstream& out, const T& value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

// Writes the files of a corpus, document after document.
class TokenCorpus::Builder {
 public:
  Builder(const fs::path& folder, const CorpusSource& source, CorpusFigures& figures)
      : source_(source),
        figures_(figures),
        tokens_(folder / kTokensFile, std::ios::binary),
        training_(folder / kTrainingFile, std::ios::binary),
        heldout_(folder / kHeldOutFile, std::ios::binary) {}

  absl::Status Add(const Document& document) {
    const bool held_out = document.Place() < source_.heldout_share;
    ++figures_.documents;
    if (held_out) ++figures_.heldout_documents;
    index_ = held_out ? &heldout_ : &training_;
    const std::int64_t before = figures_.tokens;
    for (const std::string& paragraph : document.paragraphs) {
      for (const std::string_view sentence : SplitSentences(paragraph)) {
        GUICHET_ASSIGN_OR_RETURN(
            const Encoding encoding,
            source_.tokenizer.Encode(sentence,
                                     {.add_special_tokens = false, .parse_special_tokens = false}));
        figures_.unknown_tokens += encoding.unknown_tokens;
        AddSentence(encoding.ids);
      }
    }
    EndText();
    if (held_out) figures_.heldout_tokens += figures_.tokens - before;
    return absl::OkStatus();
  }

  absl::Status Finish() {
    for (std::ofstream* file : {&tokens_, &training_, &heldout_}) {
      file->close();
      if (file->fail()) {
        return absl::ResourceExhaustedError(
            "cannot write the tokenised corpus; is there room on the disk?");
      }
    }
    return absl::OkStatus();
  }

 private:
  void AddSentence(std::span<const TokenId> ids) {
    const auto room = static_cast<std::size_t>(source_.max_tokens - 2);
    if (text_.size() + ids.size() > room) EndText();
    while (!ids.empty()) {
      const auto part = ids.first(std::min(ids.size(), room));
      for (const TokenId id : part) text_.push_back(static_cast<std::uint32_t>(id));
      text_[text_.size() - part.size()] |= kSentenceMark;
      ids = ids.subspan(part.size());
      if (!ids.empty()) EndText();
    }
  }

  void EndText() {
    if (text_.size() >= kFewestTokens) {
      Write(*index_, Entry{offset_, text_.size()});
      tokens_.write(reinterpret_cast<const char*>(text_.data()),
                    static_cast<std::streamsize>(text_.size() * sizeof(std::uint32_t)));
      offset_ += text_.size();
      figures_.tokens += static_cast<std::int64_t>(text_.size());
    }
    text_.clear();
  }

  const CorpusSource& source_;
  CorpusFigures& figures_;
  std::ofstream tokens_;
  std::ofstream training_;
  std::ofstream heldout_;
  std::ofstream* index_ = nullptr;  // of the document under way
  std::vector<std::uint32_t> text_;
  std::uint64_t offset_ = 0;
};

absl::Status TokenCorpus::Build(const fs::path& folder, const CorpusSource& source,
                                const std::string& fingerprint, CorpusFigures figures,
                                const std::function<bool(std::int64_t)>& progress) {
  return CreateFolderDurably(folder, [&](const fs::path& staging) -> absl::Status {
    Builder builder(staging, source, figures);
    DocumentReader reader(source.files);
    while (true) {
      GUICHET_ASSIGN_OR_RETURN(const std::optional<Document> document, reader.Next());
      if (!document) break;
      GUICHET_RETURN_IF_ERROR(builder.Add(*document));
      if (progress && !progress(figures.documents)) {
        return absl::CancelledError("interrupted while the corpus was tokenised");
      }
    }
    GUICHET_RETURN_IF_ERROR(builder.Finish());
    if (figures.tokens == figures.heldout_tokens) {
      return absl::InvalidArgumentError(
          fmt::format("no text to train on: {} documents, {} of them held out; give more text, or "
                      "lower heldout_share, {} now",
                      figures.documents, figures.heldout_documents, source.heldout_share));
    }
    return WriteFileDurably(
        staging / kFiguresFile,
        nlohmann::json{{"fingerprint", fingerprint}, {"figures", figures}}.dump(1) + "\n");
  });
}

absl::Status TokenCorpus::ReadFigures(const fs::path& folder) {
  constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
  const auto text = ReadFile(folder / kFiguresFile, kMaxBytes);
  if (!text.ok()) return Damaged(folder, std::string(text.status().message()));
  const auto json = ParseStrictJson(*text, {.max_bytes = kMaxBytes, .max_values = 1'000'000});
  if (!json.ok()) return Damaged(folder, std::string(json.status().message()));
  try {
    json->at("fingerprint").get_to(fingerprint_);
    json->at("figures").get_to(figures_);
  } catch (const nlohmann::json::exception& error) {
    return Damaged(folder, error.what());
  }
  return absl::OkStatus();
}

absl::Status TokenCorpus::CheckIndex(std::span<const Entry> index) const {
  const std::uint64_t count = Tokens().size();
  const bool fits = std::ranges::all_of(index, [&](const Entry& entry) {
    return entry.length >= kFewestTokens && entry.length <= count &&
           entry.offset <= count - entry.length;
  });
  if (fits) return absl::OkStatus();
  return absl::OutOfRangeError("an index points outside its tokens");
}

absl::Status TokenCorpus::MapFiles(const fs::path& folder) {
  const std::pair<const char*, MappedFile*> files[] = {
      {kTokensFile, &tokens_}, {kTrainingFile, &training_}, {kHeldOutFile, &heldout_}};
  for (const auto& [name, file] : files) {
    auto mapped = MappedFile::Open(folder / name);
    if (!mapped.ok()) return Damaged(folder, std::string(mapped.status().message()));
    *file = *std::move(mapped);
  }
  if (static_cast<std::int64_t>(Tokens().size()) != figures_.tokens) {
    return Damaged(folder, fmt::format("{} holds {} tokens and not {}", kTokensFile,
                                       Tokens().size(), figures_.tokens));
  }
  for (const Part part : {Part::kTraining, Part::kHeldOut}) {
    const absl::Status status = CheckIndex(Index(part));
    if (!status.ok()) return Damaged(folder, std::string(status.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<TokenCorpus> TokenCorpus::Open(const fs::path& folder, const CorpusSource& source,
                                              const std::function<bool(std::int64_t)>& progress) {
  GUICHET_ASSIGN_OR_RETURN(const std::vector<CorpusFile> files, InspectFiles(source.files));
  const std::string fingerprint = FingerprintOf(source, files);
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    GUICHET_RETURN_IF_ERROR(
        Build(folder, source, fingerprint, CorpusFigures{.files = files}, progress));
  }
  TokenCorpus corpus;
  GUICHET_RETURN_IF_ERROR(corpus.ReadFigures(folder));
  if (corpus.fingerprint_ != fingerprint) {
    return absl::FailedPreconditionError(
        fmt::format("{} was made of other files, with another vocabulary, or with other max_tokens "
                    "or heldout_share; give what the run began with, or another state folder",
                    folder.string()));
  }
  GUICHET_RETURN_IF_ERROR(corpus.MapFiles(folder));
  return corpus;
}

SentenceTokens TokenCorpus::Text(Part part, std::size_t text) const {
  const Entry& entry = Index(part)[text];
  SentenceTokens result;
  result.tokens.reserve(entry.length);
  for (const std::uint32_t word : Tokens().subspan(entry.offset, entry.length)) {
    if ((word & kSentenceMark) != 0) {
      result.starts.push_back(static_cast<std::uint32_t>(result.tokens.size()));
    }
    result.tokens.push_back(static_cast<TokenId>(word & ~kSentenceMark));
  }
  return result;
}

}  // namespace guichet
