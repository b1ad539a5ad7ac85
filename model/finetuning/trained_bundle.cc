#include "model/finetuning/trained_bundle.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "model/bundle/model_bundle.h"

namespace guichet {
namespace {

using Json = nlohmann::ordered_json;

std::string ReportJson(const TrainingResult& result) {
  Json report = {{"validation", Json::parse(ToJson(*result.validation))},
                 {"history", Json::array()}};
  for (const EpochRecord& epoch : result.history) {
    report["history"].push_back({{"epoch", epoch.epoch},
                                 {"training_loss", epoch.training_loss},
                                 {"validation_loss", epoch.validation_loss.value_or(0)},
                                 {"accuracy", epoch.accuracy.value_or(0)},
                                 {"macro_f1", epoch.macro_f1.value_or(0)},
                                 {"seconds", epoch.seconds},
                                 {"best", epoch.best}});
  }
  return report.dump(1);
}

}  // namespace

std::string SummaryJson(const TrainingResult& result) {
  return Json{{"accuracy", result.validation->accuracy},
              {"macro_f1", result.validation->macro.f1},
              {"seconds", result.seconds},
              {"tokens_per_second", result.tokens_per_second},
              {"epochs", result.history.size()},
              {"best_epoch", result.best_epoch},
              {"temperature", result.temperature},
              {"stopped_early", result.stopped_early},
              {"weights_sha256", result.weights_sha256}}
      .dump();
}

absl::Status WriteTrainedBundle(const TrainedModel& model, const std::filesystem::path& folder) {
  const BaseModel& base = model.base;
  BundleContents contents;
  contents.config = base.config;
  contents.weights = model.result.weights.tensors;
  contents.tokenizer = base.tokenizer.get();
  contents.report_json = ReportJson(model.result);
  BundleManifest& manifest = contents.manifest;
  manifest.name = model.name;
  manifest.base_model = base.name;
  manifest.head = base.config.head();
  manifest.pooling = base.config.pooling.value_or(Pooling::kMean);
  manifest.labels = base.config.labels;
  manifest.tokenizer_kind = std::string(base.tokenizer->kind());
  manifest.max_tokens = std::min(model.plan.max_tokens, base.config.max_position_embeddings);
  manifest.temperature = model.result.temperature;
  manifest.thresholds.assign(manifest.labels.size(), 0.0);
  manifest.metrics_json = SummaryJson(model.result);
  manifest.provenance_json = Json{
      {"training_rows", model.sets.training.size()},
      {"training_sha256", HashTickets(model.sets.training)},
      {"validation_rows", model.sets.validation.size()},
      {"validation_sha256", HashTickets(model.sets.validation)},
      {"plan", ToYaml(model.plan)},
      {"device", model.result.device},
      {"guichet",
       GUICHET_VERSION}}.dump();
  return WriteBundle(contents, folder);
}

}  // namespace guichet
