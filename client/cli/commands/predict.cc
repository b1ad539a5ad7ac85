#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "client/cli/commands/model_commands.h"
#include "client/cli/interrupt.h"
#include "client/cli/json_lines.h"
#include "client/cli/prediction_line.h"
#include "client/cli/ticket_feed.h"
#include "model/finetuning/score_rows.h"
#include "model/inference/prediction.h"

namespace guichet {
namespace {

// Inputs read, scored and written together at most: enough that lengths match, few enough that
// memory stays small. Fewer when the next is not there yet.
constexpr std::size_t kWindow = 2048;

struct Input {
  std::string id;
  absl::StatusOr<Encoding> encoding;
};

// Inputs in order, from tickets or from lines of token ids, handed over in windows.
class Predictor {
 public:
  Predictor(const PredictOptions& options, const TextClassifier& classifier)
      : options_(options), classifier_(classifier) {}

  absl::Status Run() {
    absl::Status read = options_.ids ? ReadIds() : ReadTickets();
    GUICHET_RETURN_IF_ERROR(Flush());  // what was read before an error is answered
    return read;
  }

  bool any_failed() const { return any_failed_; }

 private:
  absl::Status ReadTickets() {
    GUICHET_ASSIGN_OR_RETURN(auto reader, OpenInput(options_.input, /*allow_empty=*/false));
    TicketFeed tickets(std::move(reader), IsLive(options_.input));
    while (true) {
      if (!tickets.ready()) {
        GUICHET_RETURN_IF_ERROR(Flush());
        GUICHET_RETURN_IF_ERROR(FlushJsonLines());
      }
      auto ticket = tickets.Next();
      if (!ticket.ok()) {
        if (ticket.status().code() != absl::StatusCode::kInvalidArgument) return ticket.status();
        GUICHET_RETURN_IF_ERROR(Add({"", ticket.status()}));
        continue;
      }
      if (!*ticket) return absl::OkStatus();
      GUICHET_RETURN_IF_ERROR(Add({(*ticket)->id, classifier_.Encode((*ticket)->Text())}));
    }
  }

  absl::Status ReadIds() {
    return ForEachLine(options_.input.file, [&](const std::string& line, int number) {
      const OrderedJson parsed = OrderedJson::parse(line, nullptr, /*allow_exceptions=*/false);
      Encoding encoding;
      const auto refuse = [&](const char* what) {
        return Add({"", absl::InvalidArgumentError(fmt::format("line {}: {}", number, what))});
      };
      if (!parsed.is_array()) return refuse("not a JSON array of token ids");
      for (const auto& id : parsed) {
        if (!id.is_number_integer() || id.get<std::int64_t>() < 0 ||
            id.get<std::int64_t>() > classifier_id_limit()) {
          return refuse("a token id is not an integer of the vocabulary");
        }
        encoding.ids.push_back(id.get<TokenId>());
      }
      return Add({"", std::move(encoding)});
    });
  }

  static constexpr std::int64_t classifier_id_limit() { return std::int64_t{1} << 30; }

  absl::Status Add(Input input) {
    window_.push_back(std::move(input));
    return window_.size() < kWindow ? absl::OkStatus() : Flush();
  }

  absl::Status Flush() {
    std::vector<std::vector<TokenId>> rows;
    for (const Input& input : window_) {
      if (input.encoding.ok()) rows.push_back(input.encoding->ids);
    }
    const auto scores = ScoreRows(classifier_, rows, options_.batch_tokens, [] {
      if (Interrupted()) EndInterrupted();
    });
    std::size_t row = 0;
    for (const Input& input : window_) {
      const absl::Status status =
          !input.encoding.ok() ? input.encoding.status() : scores[row].status();
      OrderedJson line;
      if (status.ok()) {
        line = Line(input, *scores[row]);
      } else {
        any_failed_ = true;
        line = ErrorLine(input.id, status);
      }
      if (input.encoding.ok()) ++row;
      GUICHET_RETURN_IF_ERROR(WriteJsonLine(line));
    }
    window_.clear();
    return absl::OkStatus();
  }

  OrderedJson Line(const Input& input, const std::vector<float>& logits) const {
    const Prediction prediction = MakePrediction(
        logits, classifier_.manifest(), {.top_k = options_.top_k, .min_score = options_.min_score});
    PredictionFields fields{.id = input.id, .scores = {}};
    for (const ScoredLabel& scored : prediction.scores) {
      fields.scores.emplace_back(classifier_.labels()[static_cast<std::size_t>(scored.label)],
                                 scored.score);
    }
    if (options_.logits) fields.logits = logits;
    fields.abstained = prediction.abstained;
    fields.tokens = static_cast<std::int64_t>(input.encoding->ids.size());
    fields.truncated = input.encoding->truncated;
    return PredictionLine(fields);
  }

  const PredictOptions& options_;
  const TextClassifier& classifier_;
  std::vector<Input> window_;
  bool any_failed_ = false;
};

}  // namespace

int Predict(const PredictOptions& options) {
  const auto bundle = ModelBundle::Open(options.bundle);
  if (!bundle.ok()) return Fail(bundle.status());
  SetInferenceThreads(options.threads > 0 ? options.threads
                                          : static_cast<int>(std::thread::hardware_concurrency()));
  const auto classifier = LoadTextClassifier(**bundle, options.device);
  if (!classifier.ok()) return Fail(classifier.status());
  Predictor predictor(options, **classifier);
  const absl::Status status = predictor.Run();
  if (!status.ok()) return Fail(status);
  return predictor.any_failed() ? Fail("some inputs failed; their lines say why") : int{kExitOk};
}

}  // namespace guichet
