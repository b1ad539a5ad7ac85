#pragma once

#include <cmath>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "server/feedback/feedback_log.h"
#include "server/feedback/prediction_recorder.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_folder.h"

namespace guichet {

// A classifier of which only the manifest is asked.
class LabelledClassifier final : public TextClassifier {
 public:
  LabelledClassifier() {
    manifest_.name = "tickets";
    manifest_.labels = {"Réseau", "Matériel", "Logiciel"};
    manifest_.provenance_json = R"({"training_rows_by_label":[50,30,20]})";
  }

  absl::StatusOr<Encoding> Encode(std::string_view) const override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::vector<std::vector<float>>> Logits(
      std::span<const std::span<const TokenId>>) const override {
    return absl::UnimplementedError("");
  }
  const BundleManifest& manifest() const override { return manifest_; }
  std::string_view device() const override { return "cpu"; }
  std::string_view dtype() const override { return "fp32"; }
  std::size_t weight_bytes() const override { return 0; }

 private:
  BundleManifest manifest_;
};

// One version in service over a database in memory, and a clock that stands still.
class FeedbackFixture : public ::testing::Test {
 protected:
  FeedbackFixture() {
    const std::filesystem::path bundle = folder_.path() / "bundle";
    std::filesystem::create_directory(bundle);
    std::ofstream(bundle / "manifest.json") << ToJson(LabelledClassifier().manifest());
    const absl::Status started = versions_.Start(bundle, "");
    EXPECT_TRUE(started.ok()) << started;
  }

  VersionLease Loaded() const { return registry_.Acquire({}).value(); }
  FeedbackLog Log(const FeedbackOptions& options = {}) {
    return FeedbackLog(options, *database_, versions_, registry_, clock_);
  }
  std::string Metrics() const {
    return prometheus::TextSerializer().Serialize(metrics_->Collect());
  }
  // An answer of `best` with probability p, the rest to `second`.
  void Offer(PredictionRecorder& recorder, const std::string& ticket, int best, int second,
             double p, const std::string& body = "texte") const {
    std::vector<float> logits(3, -40.0F);
    logits[static_cast<std::size_t>(best)] = static_cast<float>(std::log(p));
    logits[static_cast<std::size_t>(second)] = static_cast<float>(std::log(1 - p));
    recorder.Offer(*Loaded(), {.ticket_id = ticket,
                               .subject = "",
                               .body = body,
                               .logits = logits,
                               .best = {.label = best, .score = static_cast<float>(p)}});
  }

  const TempFolder folder_;
  FakeClock clock_;
  const std::shared_ptr<prometheus::Registry> metrics_ = std::make_shared<prometheus::Registry>();
  ModelMetrics model_metrics_{metrics_};
  FeedbackMetrics feedback_metrics_{*metrics_};
  const std::unique_ptr<Database> database_ = Database::Open({}).value();
  ModelRegistry registry_{
      [](const std::filesystem::path&) -> absl::StatusOr<std::shared_ptr<const TextClassifier>> {
        return std::make_shared<LabelledClassifier>();
      },
      WarmUpOptions{.batches = 0}, model_metrics_, clock_};
  VersionControl versions_{*database_, registry_, {}, clock_};
};

}  // namespace guichet
