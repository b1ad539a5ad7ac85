#include "model/pretraining/corpus_vocabulary.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/pretraining/document_reader.h"
#include "model/pretraining/sentences.h"
#include "model/text/barthez_tokenizer.h"
#include "model/text/vocabulary_trainer.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSourceFile = "vocabulary.json";

// What a vocabulary depends on.
absl::StatusOr<std::string> SourceOf(const std::vector<fs::path>& files,
                                     const PretrainingPlan& plan) {
  nlohmann::json list = nlohmann::json::array();
  GUICHET_ASSIGN_OR_RETURN(const std::vector<CorpusFile> found, InspectFiles(files));
  for (const CorpusFile& file : found) list.push_back(file.sha256);
  return nlohmann::json{{"files", list},
                        {"vocabulary_size", plan.vocabulary_size},
                        {"character_coverage", plan.character_coverage},
                        {"vocabulary_megabytes", plan.vocabulary_megabytes}}
      .dump();
}

// The sentences of some documents, one after the other.
class Sentences {
 public:
  Sentences(const std::vector<fs::path>& files, double share, std::function<bool()> cancelled)
      : reader_(files), share_(share), cancelled_(std::move(cancelled)) {}

  std::optional<std::string> Next() {
    while (waiting_.empty()) {
      auto document = Read();
      if (!document) return std::nullopt;
      if (document->Place() >= share_) continue;
      for (const std::string& paragraph : document->paragraphs) {
        for (const std::string_view text : SplitSentences(paragraph)) waiting_.emplace_back(text);
      }
    }
    std::string next = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ += next.size();
    return next;
  }

  std::size_t bytes() const { return bytes_; }
  const absl::Status& status() const { return status_; }

 private:
  std::optional<Document> Read() {
    if (cancelled_ && cancelled_()) {
      status_ = absl::CancelledError("interrupted while the vocabulary was made");
    }
    if (!status_.ok()) return std::nullopt;
    auto document = reader_.Next();
    if (document.ok()) return *std::move(document);
    status_ = document.status();
    return std::nullopt;
  }

  DocumentReader reader_;
  const double share_;
  const std::function<bool()> cancelled_;
  std::deque<std::string> waiting_;
  std::size_t bytes_ = 0;
  absl::Status status_;
};

// Bytes of the whole corpus, unpacked.
absl::StatusOr<std::size_t> Measure(const std::vector<fs::path>& files,
                                    const std::function<bool()>& cancelled) {
  Sentences all(files, 1.0, cancelled);
  while (all.Next()) {
  }
  GUICHET_RETURN_IF_ERROR(all.status());
  return all.bytes();
}

absl::StatusOr<std::string> Train(const std::vector<fs::path>& files, const PretrainingPlan& plan,
                                  const std::function<bool()>& cancelled) {
  GUICHET_ASSIGN_OR_RETURN(const std::size_t bytes, Measure(files, cancelled));
  const double most = 1e6 * plan.vocabulary_megabytes;
  Sentences sentences(files, most / std::max(1.0, static_cast<double>(bytes)), cancelled);
  std::string model;
  const std::optional<std::string> error = TrainVocabulary(
      [&] { return sentences.Next(); },
      {.size = plan.vocabulary_size, .character_coverage = plan.character_coverage}, model);
  GUICHET_RETURN_IF_ERROR(sentences.status());
  if (!error) return model;
  return absl::InvalidArgumentError(
      fmt::format("no vocabulary of vocabulary_size {} from {} bytes of sentences: {}; lower it, "
                  "or give more text",
                  plan.vocabulary_size, sentences.bytes(), *error));
}

}  // namespace

absl::Status MakeVocabulary(const std::vector<fs::path>& files, const PretrainingPlan& plan,
                            const fs::path& folder, const std::function<bool()>& cancelled) {
  GUICHET_ASSIGN_OR_RETURN(const std::string source, SourceOf(files, plan));
  std::error_code ignored;
  if (fs::exists(folder, ignored)) {
    GUICHET_ASSIGN_OR_RETURN(const std::string made_of,
                             ReadFile(folder / kSourceFile, std::size_t{16} << 20));
    if (made_of == source) return absl::OkStatus();
    return absl::FailedPreconditionError(
        fmt::format("the vocabulary {} was made of other files, or with other options; give what "
                    "the run began with, or another state folder",
                    folder.string()));
  }
  GUICHET_ASSIGN_OR_RETURN(const std::string model, Train(files, plan, cancelled));
  return CreateFolderDurably(folder, [&](const fs::path& staging) -> absl::Status {
    GUICHET_RETURN_IF_ERROR(WriteFileDurably(staging / BarthezTokenizer::kModelFile, model));
    return WriteFileDurably(staging / kSourceFile, source);
  });
}

}  // namespace guichet
