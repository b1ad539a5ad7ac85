#include "server/feedback/feedback_log.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "model/bundle/training_mix.h"
#include "model/data/text_key.h"
#include "server/store/audit_log.h"
#include "server/store/times.h"

namespace guichet {
namespace {

// Superseded rows that leave together when there is no room: one delete for many submissions.
constexpr std::int64_t kDroppedAtOnce = 100;

bool Contains(const std::vector<std::string>& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// A label that is a known one but for case, accents or signs is a slip, not a new category.
absl::Status CheckSpelling(const std::vector<std::string>& labels, const std::string& label) {
  const std::string normal = NormalizedText(label);
  if (normal.empty()) return absl::OkStatus();
  for (const std::string& known : labels) {
    if (NormalizedText(known) != normal) continue;
    return absl::InvalidArgumentError(fmt::format(
        "label: \"{}\" is the label \"{}\" spelled otherwise; give it as it is", label, known));
  }
  return absl::OkStatus();
}

absl::Status Clash(const FeedbackRecord& record) {
  return absl::AlreadyExistsError(
      fmt::format("feedback_id: \"{}\" said something else of ticket \"{}\"; choose another one",
                  record.feedback_id, record.ticket_id));
}

bool IsBehind(const RankedPrediction& entry, const ReviewPlace& place) {
  return entry.priority != place.priority ? entry.priority < place.priority
                                          : entry.number < place.number;
}

}  // namespace

// What the prediction was and what the feedback makes of it.
struct FeedbackLog::Judged {
  std::int64_t version = 0;
  std::string predicted;
  FeedbackOutcome outcome = FeedbackOutcome::kCorrected;
};

FeedbackLog::FeedbackLog(const FeedbackOptions& options, Database& database,
                         VersionControl& versions, const ModelRegistry& registry,
                         const Clock& clock)
    : options_(options),
      database_(database),
      versions_(versions),
      registry_(registry),
      clock_(clock) {}

absl::StatusOr<std::vector<std::string>> FeedbackLog::LabelsOf(std::int64_t version) const {
  const auto loaded = registry_.Acquire({.name = versions_.model(), .version = version});
  if (loaded.ok()) return (*loaded)->classifier->labels();
  GUICHET_ASSIGN_OR_RETURN(const VersionList list, versions_.List());
  for (const VersionRecord& record : list.versions) {
    if (record.version != version) continue;
    GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadBundleManifestText(record.folder));
    GUICHET_ASSIGN_OR_RETURN(BundleManifest manifest, ParseBundleManifest(text));
    return std::move(manifest.labels);
  }
  return absl::NotFoundError(
      fmt::format("no version {} of model \"{}\"; ListVersions shows those there are", version,
                  versions_.model()));
}

absl::StatusOr<FeedbackLog::Judged> FeedbackLog::Judge(
    const NewFeedback& feedback, const std::optional<PredictionRecord>& prediction) const {
  Judged judged{.version = feedback.version, .predicted = feedback.predicted};
  if (judged.version == 0 && prediction.has_value()) judged.version = prediction->version;
  absl::StatusOr<std::vector<std::string>> labels = std::vector<std::string>{};
  if (judged.version != 0) labels = LabelsOf(judged.version);
  // Its prediction's version may be deleted meanwhile.
  const bool gone = feedback.version == 0 && absl::IsNotFound(labels.status());
  if (judged.version == 0 || gone) {
    GUICHET_ASSIGN_OR_RETURN(const VersionLease in_service, registry_.Acquire({}));
    judged.version = in_service->version;
    labels = in_service->classifier->labels();
  }
  GUICHET_RETURN_IF_ERROR(labels.status());
  if (judged.predicted.empty() && prediction.has_value() && prediction->version == judged.version) {
    judged.predicted = prediction->predicted;
  }
  if (!judged.predicted.empty() && !Contains(*labels, judged.predicted)) {
    return absl::InvalidArgumentError(
        fmt::format("predicted: version {} has no label \"{}\"; give what it answered, or nothing",
                    judged.version, judged.predicted));
  }
  if (!Contains(*labels, feedback.label)) {
    GUICHET_RETURN_IF_ERROR(CheckSpelling(*labels, feedback.label));
    judged.outcome = FeedbackOutcome::kNewLabel;
  } else if (judged.predicted == feedback.label) {
    judged.outcome = FeedbackOutcome::kConfirmed;
  }
  return judged;
}

absl::Status FeedbackLog::MakeRoom(SqlTransaction& transaction) const {
  const auto limit = static_cast<std::int64_t>(options_.max_corrections);
  GUICHET_ASSIGN_OR_RETURN(const std::int64_t rows, CountFeedback(transaction));
  if (rows < limit) return absl::OkStatus();
  GUICHET_ASSIGN_OR_RETURN(
      const std::int64_t gone,
      DropSupersededFeedback(transaction, std::max(kDroppedAtOnce, rows - limit + 1)));
  if (rows - gone < limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("feedback.max_corrections: {} tickets are corrected already; raise it", limit));
}

absl::Status FeedbackLog::Store(FeedbackRecord& record, bool& is_new) {
  return database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(
        auto known, FindFeedback(transaction, record.model, record.ticket_id, record.feedback_id));
    if (known.has_value()) {
      if (known->request_sha256 != record.request_sha256) return Clash(record);
      record = *std::move(known);
      return absl::OkStatus();
    }
    GUICHET_RETURN_IF_ERROR(MakeRoom(transaction));
    record.time = ToMicros(clock_.WallNow());
    GUICHET_RETURN_IF_ERROR(InsertFeedback(transaction, record));
    is_new = true;
    return AppendAudit(transaction, clock_.WallNow(),
                       {.actor = record.actor,
                        .action = "feedback",
                        .subject = "ticket " + record.ticket_id,
                        .details = fmt::format("{}: {} (version {})", record.outcome, record.label,
                                               record.version)});
  });
}

absl::StatusOr<FeedbackRecord> FeedbackLog::Submit(const NewFeedback& feedback) {
  std::optional<FeedbackRecord> known;
  std::optional<PredictionRecord> prediction;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(known, FindFeedback(transaction, versions_.model(), feedback.ticket_id,
                                                 feedback.feedback_id));
    GUICHET_ASSIGN_OR_RETURN(prediction,
                             FindPrediction(transaction, versions_.model(), feedback.ticket_id));
    return absl::OkStatus();
  }));
  // A repetition is answered whatever has become of its version.
  if (known.has_value()) {
    if (known->request_sha256 != feedback.request_sha256) return Clash(*known);
    return *std::move(known);
  }
  GUICHET_ASSIGN_OR_RETURN(const Judged judged, Judge(feedback, prediction));
  FeedbackRecord record{.model = versions_.model(),
                        .ticket_id = feedback.ticket_id,
                        .feedback_id = feedback.feedback_id,
                        .request_sha256 = feedback.request_sha256,
                        .version = judged.version,
                        .predicted = judged.predicted,
                        .label = feedback.label,
                        .outcome = std::string(NameOf(judged.outcome)),
                        .subject = feedback.subject,
                        .body = feedback.body,
                        .actor = feedback.actor};
  if (record.subject.empty() && record.body.empty() && prediction.has_value()) {
    record.subject = prediction->subject;
    record.body = prediction->body;
  }
  bool is_new = false;
  GUICHET_RETURN_IF_ERROR(Store(record, is_new));
  const auto loaded = registry_.Acquire({.name = versions_.model(), .version = record.version});
  if (is_new && loaded.ok()) (*loaded)->metrics->CountFeedback(judged.outcome);
  return record;
}

LabelShare FeedbackLog::SharesFor(const std::vector<PredictionKey>& predictions) const {
  struct Mix {
    std::vector<double> rows;
    std::vector<std::string> labels;
  };
  std::map<std::int64_t, Mix> mixes;
  for (const std::int64_t version : registry_.Versions(versions_.model())) {
    const auto loaded = registry_.Acquire({.name = versions_.model(), .version = version});
    if (!loaded.ok()) continue;
    std::vector<double> rows = TrainingMix((*loaded)->classifier->manifest());
    if (rows.empty()) continue;
    mixes[version] = {.rows = std::move(rows), .labels = (*loaded)->classifier->labels()};
  }
  return [mixes = std::move(mixes), among = SharesAmong(predictions)](std::int64_t version,
                                                                      const std::string& label) {
    const auto mix = mixes.find(version);
    return mix == mixes.end() ? among(version, label)
                              : ShareInMix(mix->second.rows, mix->second.labels, label);
  };
}

absl::StatusOr<ReviewPage> FeedbackLog::Review(const std::optional<ReviewPlace>& place,
                                               std::size_t most) {
  std::vector<PredictionKey> keys;
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    GUICHET_ASSIGN_OR_RETURN(keys, ListUncorrected(transaction, versions_.model()));
    return absl::OkStatus();
  }));
  std::vector<RankedPrediction> ranked = RankForReview(keys, SharesFor(keys));
  if (place.has_value()) {
    std::erase_if(ranked, [&](const RankedPrediction& entry) { return !IsBehind(entry, *place); });
  }
  ReviewPage page;
  if (ranked.size() > most) {
    ranked.resize(most);
    page.next = {.priority = ranked.back().priority, .number = ranked.back().number};
  }
  GUICHET_RETURN_IF_ERROR(database_.Transact([&](SqlTransaction& transaction) -> absl::Status {
    for (const RankedPrediction& entry : ranked) {
      GUICHET_ASSIGN_OR_RETURN(auto record, ReadPrediction(transaction, entry.number));
      if (!record.has_value()) continue;  // a newer one has taken its place
      page.entries.push_back({.prediction = *std::move(record), .priority = entry.priority});
    }
    return absl::OkStatus();
  }));
  return page;
}

}  // namespace guichet
