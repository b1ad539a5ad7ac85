#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/telemetry/metric_builders.h"

namespace guichet {

// What guichet_model_info says of a loaded version.
struct ModelDescription {
  std::string model;
  std::int64_t version = 0;
  std::string device;
  std::string dtype;
  std::string head;
  std::size_t weight_bytes = 0;
  std::vector<std::string> labels;
};

struct ModelFamilies;

// What a person's feedback made of a prediction.
enum class FeedbackOutcome { kConfirmed, kCorrected, kNewLabel };
inline constexpr std::array<FeedbackOutcome, 3> kFeedbackOutcomes = {
    FeedbackOutcome::kConfirmed, FeedbackOutcome::kCorrected, FeedbackOutcome::kNewLabel};

// "confirmed", "corrected" or "new_label".
std::string_view NameOf(FeedbackOutcome outcome);

// The series of one loaded version: all exist from its load, all are gone when it is unloaded.
// Labels of tickets appear by their index; guichet_model_label_info gives the index its name, so
// names from training data are written once and not in every series. Thread-safe.
class VersionMetrics {
 public:
  VersionMetrics(std::shared_ptr<ModelFamilies> families, const ModelDescription& description);
  ~VersionMetrics();
  VersionMetrics(const VersionMetrics&) = delete;
  VersionMetrics& operator=(const VersionMetrics&) = delete;

  // `label` is the answer's index into the model's labels.
  void CountPrediction(std::size_t label, float confidence, bool abstained);
  // How many were counted since the load, by label.
  std::vector<double> Predictions() const;

  void CountFeedback(FeedbackOutcome outcome);
  // NaN: not known.
  void SetFeedbackAccuracy(double accuracy);
  void SetLabelDrift(double psi);

 private:
  const std::shared_ptr<ModelFamilies> families_;
  std::vector<prometheus::Counter*> predictions_;  // by label
  std::vector<prometheus::Gauge*> label_names_;    // by label
  prometheus::Histogram* confidence_ = nullptr;
  prometheus::Counter* abstained_ = nullptr;
  prometheus::Gauge* info_ = nullptr;
  prometheus::Gauge* memory_ = nullptr;
  std::array<prometheus::Counter*, kFeedbackOutcomes.size()> feedback_{};
  prometheus::Gauge* accuracy_ = nullptr;
  prometheus::Gauge* drift_ = nullptr;
};

// Makes the series of versions and tells how loads and swaps went. One a server. Thread-safe.
class ModelMetrics {
 public:
  explicit ModelMetrics(std::shared_ptr<prometheus::Registry> registry);

  std::shared_ptr<VersionMetrics> AddVersion(const ModelDescription& description);
  // state: "loading", "ready", "failed" or "unloaded"; exactly one is 1 for a version.
  void SetState(std::int64_t version, std::string_view state);
  void OnLoaded(std::chrono::nanoseconds time);
  // result: "ok" or "failed".
  void CountSwap(bool ok);

 private:
  const std::shared_ptr<ModelFamilies> families_;
};

}  // namespace guichet
