#include <algorithm>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/progress_bar.h"
#include "model/hub/model_folder.h"
#include "model/inference/text_classifier.h"
#include "model/inference/text_generator.h"

namespace guichet {
namespace {

// Inputs read, written for and printed together at most: enough that lengths match, few enough that
// results come soon. One when the next may take its time.
constexpr std::size_t kWindow = 256;

struct Input {
  std::string id;
  std::vector<TokenId> ids;
  std::uint64_t number = 0;  // among all inputs: its stream of random numbers
};

using Sequences = std::vector<GeneratedSequence>;

absl::Status SetOptions(const GenerateOptions& wishes, GenerationOptions& options) {
  const auto set = [](const auto& wish, auto& field) {
    if (wish) field = *wish;
  };
  set(wishes.max_length, options.max_length);
  set(wishes.min_length, options.min_length);
  set(wishes.num_beams, options.num_beams);
  set(wishes.num_return_sequences, options.num_return_sequences);
  set(wishes.no_repeat_ngram_size, options.no_repeat_ngram_size);
  set(wishes.length_penalty, options.length_penalty);
  set(wishes.repetition_penalty, options.repetition_penalty);
  set(wishes.do_sample, options.do_sample);
  set(wishes.temperature, options.temperature);
  set(wishes.top_k, options.top_k);
  set(wishes.top_p, options.top_p);
  set(wishes.seed, options.seed);
  if (wishes.early_stopping) {
    GUICHET_ASSIGN_OR_RETURN(options.early_stopping, ParseEarlyStopping(*wishes.early_stopping));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TokenId>> ParseIds(const std::string& line, int limit) {
  const OrderedJson parsed = OrderedJson::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_array() || parsed.empty()) {
    return absl::InvalidArgumentError(
        "not a JSON array of token ids; with --ids give lines such as [0,1157,2]");
  }
  std::vector<TokenId> ids;
  for (const auto& id : parsed) {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() >= limit) {
      return absl::InvalidArgumentError(fmt::format(
          "{} is no token id of the model; give numbers from 0 to {}", id.dump(), limit - 1));
    }
    ids.push_back(id.get<TokenId>());
  }
  return ids;
}

// Reads inputs in order, lets the model write for a window of them at a time, prints in order. The
// first input that cannot be read ends the work: nothing of its window is printed.
class Writer {
 public:
  Writer(const GenerateOptions& wishes, const GenerationOptions& options,
         const TextGenerator& generator)
      : wishes_(wishes),
        options_(options),
        generator_(generator),
        window_size_(IsLive(wishes.input) ? 1 : kWindow),
        bar_(wishes.quiet) {}

  absl::Status Run() {
    GUICHET_RETURN_IF_ERROR(wishes_.ids ? ReadIds() : ReadTexts());
    return Flush();
  }

 private:
  absl::Status ReadTexts() {
    GUICHET_ASSIGN_OR_RETURN(const auto reader, OpenInput(wishes_.input, /*allow_empty=*/true));
    while (true) {
      GUICHET_ASSIGN_OR_RETURN(const std::optional<Ticket> ticket, reader->Next());
      if (!ticket) return absl::OkStatus();
      auto ids = generator_.Encode(ticket->Text());
      if (!ids.ok()) {
        return absl::Status(ids.status().code(), fmt::format("line {}: {}", reader->line(),
                                                             std::string(ids.status().message())));
      }
      GUICHET_RETURN_IF_ERROR(Add(ticket->id, *std::move(ids)));
    }
  }

  absl::Status ReadIds() {
    const GenerationLimits& limits = generator_.limits();
    return ForEachLine(wishes_.input.file, [&](const std::string& line, int) -> absl::Status {
      GUICHET_ASSIGN_OR_RETURN(std::vector<TokenId> ids, ParseIds(line, limits.vocabulary_size));
      if (ids.size() > static_cast<std::size_t>(limits.max_positions)) {
        return absl::InvalidArgumentError(
            fmt::format("{} token ids, and the model has {} positions; give fewer", ids.size(),
                        limits.max_positions));
      }
      return Add("", std::move(ids));
    });
  }

  absl::Status Add(const std::string& id, std::vector<TokenId> ids) {
    if (wishes_.fill_mask > 0) return PrintMasks(id, ids);
    window_.push_back({id, std::move(ids), read_++});
    return window_.size() < window_size_ ? absl::OkStatus() : Flush();
  }

  absl::Status Flush() {
    std::vector<Sequences> results(window_.size());
    for (const std::vector<std::size_t>& batch : DivideWindow()) {
      GUICHET_RETURN_IF_ERROR(WriteBatch(batch, results));
    }
    for (std::size_t i = 0; i < window_.size(); ++i) {
      GUICHET_RETURN_IF_ERROR(Print(window_[i], results[i]));
    }
    window_.clear();
    return FlushJsonLines();
  }

  // Batches of like lengths, whose texts and results fit --batch-tokens together.
  std::vector<std::vector<std::size_t>> DivideWindow() const {
    std::vector<std::size_t> order(window_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return window_[i].ids.size(); });
    const std::int64_t rows = std::max(options_.num_beams, options_.num_return_sequences);
    std::vector<std::vector<std::size_t>> batches;
    std::int64_t tokens = 0;
    for (const std::size_t i : order) {
      const std::int64_t own =
          static_cast<std::int64_t>(window_[i].ids.size()) + rows * options_.max_length;
      if (batches.empty() || tokens + own > wishes_.batch_tokens) {
        batches.emplace_back();
        tokens = 0;
      }
      batches.back().push_back(i);
      tokens += own;
    }
    return batches;
  }

  absl::Status WriteBatch(const std::vector<std::size_t>& batch, std::vector<Sequences>& results) {
    std::vector<GenerationInput> rows;
    for (const std::size_t i : batch) rows.push_back({window_[i].ids, window_[i].number});
    int length = 1;
    auto written = generator_.Generate(rows, options_, [&](std::span<const NewToken>) {
      bar_.Show(++length, options_.max_length,
                fmt::format("{} texts done, {} under way", done_, batch.size()));
      return !Interrupted();
    });
    if (Interrupted()) EndInterrupted();
    if (!written.ok()) return written.status();
    for (std::size_t i = 0; i < batch.size(); ++i) results[batch[i]] = std::move((*written)[i]);
    done_ += batch.size();
    return absl::OkStatus();
  }

  // {"id"?,"masks":[{"position","tokens":[{"id","text","score"}…]}…]}
  absl::Status PrintMasks(const std::string& id, const std::vector<TokenId>& ids) const {
    GUICHET_ASSIGN_OR_RETURN(const auto masks, generator_.FillMasks(ids, wishes_.fill_mask));
    if (Interrupted()) EndInterrupted();
    OrderedJson line = OrderedJson::object();
    if (!id.empty()) line["id"] = id;
    OrderedJson& list = line["masks"] = OrderedJson::array();
    for (const FilledMask& mask : masks) {
      OrderedJson tokens = OrderedJson::array();
      for (const ExpectedToken& token : mask.tokens) {
        GUICHET_ASSIGN_OR_RETURN(const std::string text,
                                 generator_.Decode(std::span(&token.id, 1)));
        tokens.push_back(
            {{"id", token.id}, {"text", text}, {"score", ShortestDouble(token.probability)}});
      }
      list.push_back({{"position", mask.position}, {"tokens", tokens}});
    }
    return WriteJsonLine(line);
  }

  absl::Status Print(const Input& input, const Sequences& sequences) const {
    OrderedJson line = OrderedJson::object();
    if (!input.id.empty()) line["id"] = input.id;
    OrderedJson& list = line["sequences"] = OrderedJson::array();
    for (const GeneratedSequence& sequence : sequences) {
      OrderedJson& one = list.emplace_back(OrderedJson{{"ids", sequence.ids}});
      if (generator_.has_tokenizer()) {
        GUICHET_ASSIGN_OR_RETURN(one["text"], generator_.Decode(sequence.ids));
      }
      one["score"] = ShortestDouble(static_cast<float>(sequence.score));
    }
    return WriteJsonLine(line);
  }

  const GenerateOptions& wishes_;
  const GenerationOptions options_;
  const TextGenerator& generator_;
  const std::size_t window_size_;
  ProgressBar bar_;
  std::vector<Input> window_;
  std::uint64_t read_ = 0;
  std::size_t done_ = 0;
};

absl::Status Generate(const GenerateOptions& wishes) {
  SetInferenceThreads(wishes.threads > 0 ? wishes.threads
                                         : static_cast<int>(std::thread::hardware_concurrency()));
  GUICHET_ASSIGN_OR_RETURN(const ModelFolder folder, ResolveModelFolder(wishes.model));
  GUICHET_ASSIGN_OR_RETURN(const auto generator, LoadTextGenerator(folder.path, wishes.device));
  GenerationOptions options = generator->defaults();
  GUICHET_RETURN_IF_ERROR(SetOptions(wishes, options));
  GUICHET_RETURN_IF_ERROR(Validate(options, generator->limits()));
  return Writer(wishes, options, *generator).Run();
}

}  // namespace

int GenerateTexts(const GenerateOptions& options) {
  const absl::Status status = Generate(options);
  return status.ok() ? int{kExitOk} : Fail(status);
}

}  // namespace guichet
