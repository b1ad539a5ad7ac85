#include "model/finetuning/trained_bundle.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/bundle/model_bundle.h"
#include "model/bundle/training_mix.h"
#include "model/cleaning/text_cleaner.h"

namespace guichet {
namespace {

using Json = nlohmann::ordered_json;

// The rules, and the share of the training texts that each, and any of them, changed.
Json CleaningJson(const TextCleaningOptions& cleaning, const std::vector<Ticket>& tickets) {
  std::array<std::size_t, kTextCleaningRules.size()> counts{};
  std::size_t any = 0;
  for (const Ticket& ticket : tickets) {
    ChangedRules changed;
    CleanText(ticket.Text(), cleaning, &changed);
    for (std::size_t rule = 0; rule < counts.size(); ++rule) counts[rule] += changed[rule] ? 1 : 0;
    any += changed.any() ? 1 : 0;
  }
  const auto share = [&](std::size_t count) {
    return tickets.empty() ? 0.0 : static_cast<double>(count) / static_cast<double>(tickets.size());
  };
  Json shares = {{"any", share(any)}};
  for (std::size_t rule = 0; rule < counts.size(); ++rule) {
    const TextCleaningRule& of = kTextCleaningRules[rule];
    if (cleaning.*of.enabled) shares[std::string(of.name)] = share(counts[rule]);
  }
  return {{"version", cleaning.version},
          {"rules", cleaning.Names()},
          {"changed_share_of_training_texts", std::move(shares)}};
}

// In label order: what drift in service is measured against.
std::vector<std::int64_t> RowsByLabel(const std::vector<Ticket>& tickets,
                                      const std::vector<std::string>& labels) {
  std::vector<std::int64_t> rows(labels.size(), 0);
  for (const Ticket& ticket : tickets) {
    const auto label = std::find(labels.begin(), labels.end(), ticket.label);
    if (label != labels.end()) ++rows[static_cast<std::size_t>(label - labels.begin())];
  }
  return rows;
}

BundleManifest ManifestOf(const TrainedModel& model) {
  const BaseModel& base = model.base;
  BundleManifest manifest;
  manifest.name = model.name;
  manifest.base_model = base.name;
  manifest.head = base.config.head();
  manifest.pooling = base.config.pooling.value_or(Pooling::kMean);
  manifest.labels = base.config.labels;
  manifest.tokenizer_kind = std::string(base.tokenizer->kind());
  manifest.text_cleaning = base.cleaning;
  manifest.max_tokens = std::min(model.plan.max_tokens, base.config.max_position_embeddings);
  manifest.temperature = model.result.temperature;
  manifest.metrics_json = SummaryJson(model.result);
  Json provenance = {{"training_rows", model.sets.training.size()},
                     {kTrainingMixKey, RowsByLabel(model.sets.training, manifest.labels)},
                     {"training_sha256", HashTickets(model.sets.training)},
                     {"validation_rows", model.sets.validation.size()},
                     {"validation_sha256", HashTickets(model.sets.validation)}};
  if (!model.sets.holdout.empty()) {
    provenance["holdout_rows"] = model.sets.holdout.size();
    provenance["holdout_sha256"] = HashTickets(model.sets.holdout);
  }
  provenance["plan"] = ToYaml(model.plan);
  provenance["device"] = model.result.device;
  provenance["guichet"] = GUICHET_VERSION;
  manifest.provenance_json = provenance.dump();
  return manifest;
}

}  // namespace

std::string SummaryJson(const TrainingResult& result, const DroppedTickets& near_holdout) {
  Json summary{{"accuracy", result.validation->accuracy},
               {"macro_f1", result.validation->macro.f1},
               {"seconds", result.seconds},
               {"tokens_per_second", result.tokens_per_second},
               {"epochs", result.history.size()},
               {"best_epoch", result.best_epoch},
               {"temperature", result.temperature},
               {"stopped_early", result.stopped_early},
               {"weights_sha256", result.weights_sha256}};
  if (near_holdout.count > 0) {
    summary["near_holdout_rows"] = near_holdout.count;
    summary["near_holdout_tickets"] = near_holdout.numbers;
  }
  return summary.dump();
}

absl::StatusOr<std::shared_ptr<const TextClassifier>> LoadTrainedModel(
    const TrainedModel& model, const DeviceOptions& options) {
  const ModelBundle bundle({}, ManifestOf(model), model.base.config, model.result.weights,
                           model.base.tokenizer);
  return LoadTextClassifier(bundle, options);
}

absl::Status WriteTrainedBundle(const TrainedModel& model, const EvaluationReport& report,
                                const std::filesystem::path& folder) {
  BundleContents contents;
  contents.manifest = ManifestOf(model);
  contents.manifest.thresholds = ThresholdsOf(report);
  contents.config = model.base.config;
  contents.weights = model.result.weights.tensors;
  contents.tokenizer = model.base.tokenizer.get();
  auto report_json = Json::parse(ToJson(report));
  report_json["text_cleaning"] = CleaningJson(model.base.cleaning, model.sets.training);
  contents.report_json = report_json.dump(1);
  contents.report_html = ToHtml(report);
  return WriteBundle(contents, folder);
}

}  // namespace guichet
