#include "server/telemetry/model_metrics.h"

#include <array>
#include <limits>
#include <utility>

namespace guichet {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

struct ModelFamilies {
  std::shared_ptr<prometheus::Registry> registry;  // owns the families
  Family<Counter>& predictions;
  Family<Gauge>& label_names;
  Family<Histogram>& confidence;
  Family<Counter>& abstained;
  Family<Gauge>& info;
  Family<Gauge>& memory;
  Family<Counter>& feedback;
  Family<Gauge>& accuracy;
  Family<Gauge>& drift;
  Family<Gauge>& state;
  Gauge& load_seconds;
  Counter& swaps_ok;
  Counter& swaps_failed;
};

namespace {

constexpr std::array<std::string_view, 4> kStates = {"loading", "ready", "failed", "unloaded"};

std::shared_ptr<ModelFamilies> MakeFamilies(std::shared_ptr<prometheus::Registry> owner) {
  prometheus::Registry& registry = *owner;
  auto& swaps = CounterFamily(registry, "model_swap_total",
                              "Attempts to put a model version in service, by result.");
  return std::make_shared<ModelFamilies>(ModelFamilies{
      std::move(owner),
      CounterFamily(registry, "predictions_total",
                    "Answers, by version and index of the best label."),
      GaugeFamily(registry, "model_label_info", "Constant 1; gives the index of a label its name."),
      HistogramFamily(registry, "confidence", "Calibrated probability of the best label."),
      CounterFamily(registry, "abstained_total",
                    "Answers whose best label stayed below its threshold."),
      GaugeFamily(registry, "model_info", "Constant 1; describes a loaded version."),
      GaugeFamily(registry, "device_memory_bytes", "Memory of a device, by what holds it."),
      CounterFamily(registry, "feedback_total",
                    "What people said of answers, by version and outcome: confirmed, corrected, or "
                    "a label the version does not know."),
      GaugeFamily(registry, "feedback_accuracy_ratio",
                  "Share of right answers among those that people judged within "
                  "feedback.accuracy_window; NaN when there are none."),
      GaugeFamily(registry, "label_drift_psi",
                  "Population stability index of the labels answered within feedback.drift_window "
                  "against the training rows; NaN when too few came, or the bundle does not tell."),
      GaugeFamily(registry, "model_state", "1 for the state a version is in, else 0."),
      GaugeFamily(registry, "model_load_seconds",
                  "Time the last load took, verification and warm-up included.")
          .Add({}),
      swaps.Add({{"result", "ok"}}), swaps.Add({{"result", "failed"}})});
}

}  // namespace

VersionMetrics::VersionMetrics(std::shared_ptr<ModelFamilies> families,
                               const ModelDescription& description)
    : families_(std::move(families)) {
  const std::string version = std::to_string(description.version);
  for (std::size_t label = 0; label < description.labels.size(); ++label) {
    const std::string index = std::to_string(label);
    predictions_.push_back(&families_->predictions.Add({{"version", version}, {"label", index}}));
    label_names_.push_back(&families_->label_names.Add(
        {{"version", version}, {"label", index}, {"name", description.labels[label]}}));
    label_names_.back()->Set(1);
  }
  confidence_ = &families_->confidence.Add(
      {{"version", version}},
      Histogram::BucketBoundaries{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99});
  abstained_ = &families_->abstained.Add({{"version", version}});
  info_ = &families_->info.Add({{"model", description.model},
                                {"version", version},
                                {"device", description.device},
                                {"dtype", description.dtype},
                                {"head", description.head},
                                {"labels", std::to_string(description.labels.size())}});
  info_->Set(1);
  memory_ = &families_->memory.Add(
      {{"device", description.device}, {"kind", "weights"}, {"version", version}});
  memory_->Set(static_cast<double>(description.weight_bytes));
  for (const FeedbackOutcome outcome : kFeedbackOutcomes) {
    feedback_[static_cast<std::size_t>(outcome)] =
        &families_->feedback.Add({{"version", version}, {"outcome", std::string(NameOf(outcome))}});
  }
  accuracy_ = &families_->accuracy.Add({{"version", version}});
  drift_ = &families_->drift.Add({{"version", version}});
  accuracy_->Set(std::numeric_limits<double>::quiet_NaN());
  drift_->Set(std::numeric_limits<double>::quiet_NaN());
}

VersionMetrics::~VersionMetrics() {
  for (Counter* counter : predictions_) families_->predictions.Remove(counter);
  for (Gauge* gauge : label_names_) families_->label_names.Remove(gauge);
  families_->confidence.Remove(confidence_);
  families_->abstained.Remove(abstained_);
  families_->info.Remove(info_);
  families_->memory.Remove(memory_);
  for (Counter* counter : feedback_) families_->feedback.Remove(counter);
  families_->accuracy.Remove(accuracy_);
  families_->drift.Remove(drift_);
}

void VersionMetrics::CountPrediction(std::size_t label, float confidence, bool abstained) {
  if (label < predictions_.size()) predictions_[label]->Increment();
  confidence_->Observe(static_cast<double>(confidence));
  if (abstained) abstained_->Increment();
}

std::vector<double> VersionMetrics::Predictions() const {
  std::vector<double> counts;
  counts.reserve(predictions_.size());
  for (const Counter* counter : predictions_) counts.push_back(counter->Value());
  return counts;
}

void VersionMetrics::CountFeedback(FeedbackOutcome outcome) {
  feedback_[static_cast<std::size_t>(outcome)]->Increment();
}

void VersionMetrics::SetFeedbackAccuracy(double accuracy) { accuracy_->Set(accuracy); }

void VersionMetrics::SetLabelDrift(double psi) { drift_->Set(psi); }

std::string_view NameOf(FeedbackOutcome outcome) {
  switch (outcome) {
    case FeedbackOutcome::kConfirmed:
      return "confirmed";
    case FeedbackOutcome::kCorrected:
      return "corrected";
    case FeedbackOutcome::kNewLabel:
      return "new_label";
  }
  return "?";
}

ModelMetrics::ModelMetrics(std::shared_ptr<prometheus::Registry> registry)
    : families_(MakeFamilies(std::move(registry))) {}

std::shared_ptr<VersionMetrics> ModelMetrics::AddVersion(const ModelDescription& description) {
  return std::make_shared<VersionMetrics>(families_, description);
}

void ModelMetrics::SetState(std::int64_t version, std::string_view state) {
  for (const std::string_view each : kStates) {
    families_->state.Add({{"version", std::to_string(version)}, {"state", std::string(each)}})
        .Set(each == state ? 1 : 0);
  }
}

void ModelMetrics::OnLoaded(std::chrono::nanoseconds time) {
  families_->load_seconds.Set(std::chrono::duration<double>(time).count());
}

void ModelMetrics::CountSwap(bool ok) {
  (ok ? families_->swaps_ok : families_->swaps_failed).Increment();
}

}  // namespace guichet
