#include "model/pretraining/run_pretraining.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/checkpoint/checkpoint.h"
#include "model/hub/file_lock.h"
#include "model/pretraining/corpus_vocabulary.h"
#include "model/text/built_in_tokenizer.h"
#include "model/text/tokenizer.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxTokenizerBytes = std::size_t{64} << 20;

// What a run starts from.
struct Start {
  BartConfig config;
  std::optional<ModelWeights> weights;
  std::unique_ptr<const Tokenizer> tokenizer;
};

void Say(const PretrainingJobObserver& observer, const std::string& line) {
  if (observer.on_line) observer.on_line(line);
}

absl::Status CheckJob(const PretrainingJob& job) {
  GUICHET_RETURN_IF_ERROR(job.plan.Validate());
  if (job.scratch.empty() == job.base.empty()) {
    return absl::InvalidArgumentError("give either a configuration to start from or a base model");
  }
  std::error_code ignored;
  if (fs::exists(job.out, ignored)) {
    return absl::AlreadyExistsError(
        fmt::format("{} exists; choose another folder or remove it", job.out.string()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<const Tokenizer>> ChooseTokenizer(
    const PretrainingJob& job, const PretrainingJobObserver& observer) {
  if (!job.base.empty()) return LoadTokenizer(job.base);
  if (!job.tokenizer.empty()) return OpenTokenizer(job.tokenizer);
  const fs::path folder = job.state / "vocabulary";
  Say(observer, fmt::format("a vocabulary of {} pieces", job.plan.vocabulary_size));
  GUICHET_RETURN_IF_ERROR(MakeVocabulary(job.corpus, job.plan, folder, observer.interrupted));
  return LoadTokenizer(folder);
}

// The special ids of the two must be the same: the network's are fixed in its configuration.
absl::Status CheckSpecialIds(const BartConfig& config, const SpecialTokenIds& ids) {
  const bool same = config.bos_token_id == ids.begin && config.pad_token_id == ids.padding &&
                    config.eos_token_id == ids.end && ids.mask >= 0;
  if (same) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("bos, pad and eos ids are {}, {} and {} in the configuration, and the tokenizer "
                  "has {}, {} and {}, and <mask> {}; they must agree, with a <mask>",
                  config.bos_token_id, config.pad_token_id, config.eos_token_id, ids.begin,
                  ids.padding, ids.end, ids.mask));
}

absl::StatusOr<Start> Prepare(const PretrainingJob& job, const PretrainingJobObserver& observer) {
  Start start;
  if (job.base.empty()) {
    GUICHET_ASSIGN_OR_RETURN(const std::string json, ReadFile(job.scratch, kMaxConfigBytes));
    GUICHET_ASSIGN_OR_RETURN(start.config, ParseBartConfig(json));
    GUICHET_ASSIGN_OR_RETURN(start.tokenizer, ChooseTokenizer(job, observer));
    start.config.vocab_size = start.tokenizer->vocabulary_size();
  } else {
    GUICHET_ASSIGN_OR_RETURN(start.config, ReadBartConfig(job.base));
    GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(job.base));
    GUICHET_ASSIGN_OR_RETURN(start.weights,
                             ResolveParameterNames(std::move(checkpoint), start.config));
    GUICHET_ASSIGN_OR_RETURN(start.tokenizer, ChooseTokenizer(job, observer));
  }
  GUICHET_RETURN_IF_ERROR(CheckSpecialIds(start.config, start.tokenizer->special_ids()));
  return start;
}

absl::StatusOr<std::string> HashTokenizer(const Tokenizer& tokenizer) {
  Sha256 hash;
  for (const fs::path& file : tokenizer.files()) {
    GUICHET_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file, kMaxTokenizerBytes));
    hash.Update(fmt::format("{} {}\n", file.filename().string(), bytes.size()));
    hash.Update(bytes);
  }
  return hash.HexDigest();
}

absl::StatusOr<TokenCorpus> Tokenise(const PretrainingJob& job, const Tokenizer& tokenizer,
                                     const PretrainingJobObserver& observer) {
  GUICHET_ASSIGN_OR_RETURN(std::string hash, HashTokenizer(tokenizer));
  const CorpusSource source{.files = job.corpus,
                            .tokenizer = tokenizer,
                            .tokenizer_sha256 = std::move(hash),
                            .max_tokens = job.plan.learning.max_tokens,
                            .heldout_share = job.plan.heldout_share};
  GUICHET_ASSIGN_OR_RETURN(TokenCorpus corpus,
                           TokenCorpus::Open(job.state / "tokens", source, [&](std::int64_t) {
                             return !observer.interrupted || !observer.interrupted();
                           }));
  const CorpusFigures& figures = corpus.figures();
  Say(observer,
      fmt::format(
          "{} documents, {} tokens in {} texts, {} of them <unk>; held out: {} documents, "
          "{} tokens",
          figures.documents, figures.tokens,
          corpus.size(TokenCorpus::Part::kTraining) + corpus.size(TokenCorpus::Part::kHeldOut),
          figures.unknown_tokens, figures.heldout_documents, figures.heldout_tokens));
  return corpus;
}

std::string Words(const LossPoint& point) {
  const std::string held_out =
      point.heldout_loss ? fmt::format("  held-out {:.4f}", *point.heldout_loss) : "";
  return fmt::format("update {:6}  loss {:.4f}{}  {:.0f} tokens/s", point.update, point.loss,
                     held_out, point.tokens_per_second);
}

// With <mask>, but for <s> and </s>, which Reconstruction leaves out.
std::string Read(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  return tokenizer.Decode(ids, {.skip_special_tokens = false}).value_or("?");
}

PretrainingObserver Observe(const PretrainingJobObserver& observer, const Tokenizer& tokenizer) {
  PretrainingObserver own;
  own.on_step = observer.on_step;
  own.on_point = [&observer](const LossPoint& point) { Say(observer, Words(point)); };
  own.on_sample = [&observer, &tokenizer](const Reconstruction& sample) {
    Say(observer, fmt::format("  masked: {}\n       →: {}", Read(tokenizer, sample.masked),
                              Read(tokenizer, sample.mended)));
  };
  return own;
}

}  // namespace

absl::StatusOr<PretrainingOutcome> RunPretraining(const PretrainingJob& job,
                                                  const PretrainingJobObserver& observer) {
  GUICHET_RETURN_IF_ERROR(CheckJob(job));
  GUICHET_RETURN_IF_ERROR(MakeFoldersDurably(job.state));
  const auto lock =
      FileLock::Take(job.state / "lock", std::chrono::milliseconds(0), observer.interrupted, {});
  if (absl::IsAborted(lock.status())) {
    return absl::AbortedError(
        fmt::format("another process works in {}; wait for it, or give another state folder",
                    job.state.string()));
  }
  GUICHET_RETURN_IF_ERROR(lock.status());
  GUICHET_ASSIGN_OR_RETURN(const Start start, Prepare(job, observer));
  GUICHET_ASSIGN_OR_RETURN(const TokenCorpus corpus, Tokenise(job, *start.tokenizer, observer));
  const PretrainingInputs inputs{.plan = job.plan,
                                 .config = start.config,
                                 .base = start.weights ? &*start.weights : nullptr,
                                 .corpus = corpus,
                                 .special_ids = start.tokenizer->special_ids(),
                                 .time_limit = job.time_limit,
                                 .schedule_by_time = job.schedule_by_time};
  PretrainingOutcome outcome;
  GUICHET_ASSIGN_OR_RETURN(outcome.result, Pretrain(inputs, Observe(observer, *start.tokenizer),
                                                    {.folder = job.state / "checkpoints",
                                                     .interval = job.checkpoint_interval,
                                                     .suspend = observer.interrupted}));
  GUICHET_ASSIGN_OR_RETURN(
      outcome.weights_sha256,
      WritePretrainedFolder({job.plan, start.config, *start.tokenizer, corpus, outcome.result},
                            job.saved_type, job.out));
  return outcome;
}

}  // namespace guichet
