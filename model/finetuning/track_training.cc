#include "model/finetuning/track_training.h"

#include <algorithm>
#include <random>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/finetuning/trained_bundle.h"
#include "model/tracking/tracked_json.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kDefaultProject = "guichet";
constexpr std::size_t kIdLength = 8;  // as W&B's own ids
// Of longer runs every second, third, … update is logged.
constexpr int kMaxUpdates = 10'000;

struct Identity {
  std::string id;
  WallTime started{};
  bool resumed = false;
};

std::string NewId() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::string id;
  while (id.size() < kIdLength) id += kLetters[random() % kLetters.size()];
  return id;
}

std::optional<Identity> ReadIdentity(const fs::path& file) {
  const auto text = ReadFile(file, std::size_t{1} << 16);
  if (!text.ok()) return {};
  const auto json = ParseStrictJson(*text);
  if (!json.ok() || !json->is_object()) return {};
  const std::string id = json->value("id", "");
  const std::int64_t started = json->value("started_milliseconds", std::int64_t{0});
  const bool valid = !id.empty() && std::ranges::all_of(id, [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
  });
  if (!valid) return {};
  return Identity{
      .id = id, .started = WallTime(std::chrono::milliseconds(started)), .resumed = true};
}

// A file that cannot be written costs the run its identity after a crash, nothing else.
Identity IdentityOf(const fs::path& state_file) {
  if (!state_file.empty()) {
    try {
      if (auto known = ReadIdentity(state_file)) return *std::move(known);
    } catch (
        const Json::exception&) {  // NOLINT(bugprone-empty-catch): a damaged file is a lost one
    }
  }
  const Identity fresh{.id = NewId(), .started = Clock::System().WallNow(), .resumed = false};
  if (!state_file.empty()) {
    const auto started =
        std::chrono::duration_cast<std::chrono::milliseconds>(fresh.started.time_since_epoch());
    (void)WriteFileDurably(
        state_file,
        Json{{"id", fresh.id}, {"started_milliseconds", started.count()}}.dump() + "\n");
  }
  return fresh;
}

// A plan's YAML is one scalar a line.
std::vector<TrackedValue> PlanValues(const std::string& yaml) {
  std::vector<TrackedValue> values;
  for (std::size_t start = 0; start < yaml.size();) {
    const std::size_t end = std::min(yaml.find('\n', start), yaml.size());
    const std::string line = yaml.substr(start, end - start);
    start = end + 1;
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string value = line.substr(colon + 2);
    values.push_back({line.substr(0, colon), Json::accept(value) ? value : JsonText(value)});
  }
  return values;
}

std::vector<TrackedValue> ConfigOf(const TrackedTraining& training) {
  std::vector<TrackedValue> config = PlanValues(ToYaml(training.plan));
  config.push_back({"base_model", JsonText(training.base.name)});
  config.push_back({"labels", std::to_string(training.base.config.labels.size())});
  config.push_back({"training_rows", std::to_string(training.sets.training.size())});
  config.push_back({"training_sha256", JsonText(HashTickets(training.sets.training))});
  config.push_back({"validation_rows", std::to_string(training.sets.validation.size())});
  config.push_back({"guichet", JsonText(GUICHET_VERSION)});
  return config;
}

int EpochUpdates(const TrackedTraining& training) {
  const auto updates_of = [](int items, int size) { return (items + size - 1) / size; };
  const int rows = static_cast<int>(training.sets.training.size());
  return updates_of(updates_of(rows, training.plan.batch_size), training.plan.accumulate);
}

RunEnd EndOf(const absl::Status& status) {
  if (status.ok()) return RunEnd::kFinished;
  if (absl::IsCancelled(status)) return RunEnd::kKilled;
  return absl::IsAborted(status) ? RunEnd::kSuspended : RunEnd::kFailed;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingTracker>> TrainingTracker::Start(
    const std::vector<TrackerPlace>& places, const TrackedTraining& training,
    const fs::path& state_file) {
  const TrackingEnvironment environment = TrackingEnvironment::OfProcess();
  GUICHET_ASSIGN_OR_RETURN(std::vector<NamedTracker> trackers, MakeTrackers(places, environment));
  TrackedRun run;
  if (!trackers.empty()) {
    const Identity identity = IdentityOf(state_file);
    run = {
        .id = identity.id,
        .project = environment.wandb_project.empty() ? kDefaultProject : environment.wandb_project,
        .name = environment.wandb_name.empty() ? training.name : environment.wandb_name,
        .started = identity.started,
        .resumed = identity.resumed,
        .config = ConfigOf(training),
        .plan = ToYaml(training.plan)};
  }
  return std::unique_ptr<TrainingTracker>(
      new TrainingTracker(std::move(trackers), run, EpochUpdates(training)));
}

TrainingObserver TrainingTracker::Observe(TrainingObserver observer) {
  if (log_.empty()) return observer;
  TrainingObserver both = observer;
  both.on_step = [this, first = std::move(observer.on_step)](const TrainingProgress& progress) {
    if (first) first(progress);
    OnStep(progress);
  };
  both.on_epoch = [this, first = std::move(observer.on_epoch)](const EpochRecord& epoch) {
    if (first) first(epoch);
    OnEpoch(epoch);
  };
  return both;
}

void TrainingTracker::LogPending() {
  if (pending_) log_.Log(*pending_);
  pending_.reset();
}

void TrainingTracker::OnStep(const TrainingProgress& progress) {
  step_ = progress.step;
  const int every = (progress.total_steps + kMaxUpdates - 1) / kMaxUpdates;
  if (every > 1 && progress.step % every != 0) return;
  LogPending();
  pending_ = TrackedRow{.step = progress.step,
                        .time = Clock::System().WallNow(),
                        .scalars = {{"train/loss", progress.loss},
                                    {"train/learning_rate", progress.learning_rate},
                                    {"train/gradient_norm", progress.gradient_norm},
                                    {"train/tokens_per_second", progress.tokens_per_second},
                                    {"train/epoch", static_cast<double>(progress.epoch)}}};
}

void TrainingTracker::OnEpoch(const EpochRecord& epoch) {
  // A resumed process may begin with the end of an epoch.
  const int step = step_ > 0 ? step_ : epoch.epoch * epoch_updates_;
  if (pending_ && pending_->step != step) LogPending();
  if (!pending_) {
    pending_ = TrackedRow{.step = step, .time = Clock::System().WallNow(), .scalars = {}};
  }
  const auto add = [this](const char* name, const std::optional<double>& value) {
    if (value) pending_->scalars.push_back({name, *value});
  };
  add("epoch/training_loss", epoch.training_loss);
  add("epoch/seconds", epoch.seconds);
  add("validation/loss", epoch.validation_loss);
  add("validation/accuracy", epoch.accuracy);
  add("validation/macro_f1", epoch.macro_f1);
  LogPending();
}

std::vector<std::string> TrainingTracker::Finish(const absl::Status& status,
                                                 const TrainingResult* result,
                                                 const std::vector<TrackedValue>& more) {
  LogPending();
  std::vector<TrackedValue> summary;
  if (status.ok() && result != nullptr && !log_.empty()) {
    const Json figures = Json::parse(SummaryJson(*result));
    for (const auto& [key, value] : figures.items()) summary.push_back({key, value.dump()});
    summary.insert(summary.end(), more.begin(), more.end());
  }
  return log_.Finish(EndOf(status), summary);
}

}  // namespace guichet
