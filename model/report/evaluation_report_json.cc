#include <nlohmann/json.hpp>

#include "model/report/evaluation_report.h"
#include "model/report/promises.h"

namespace guichet {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json IntervalJson(const Interval& interval) {
  return {{"low", interval.low}, {"high", interval.high}};
}

Json PointJson(const CoveragePoint& point) {
  return {{"threshold", point.threshold},
          {"answered", point.answered},
          {"coverage", point.coverage},
          {"precision", point.precision},
          {"precision_low", point.precision_low}};
}

Json CountsJson(const AnswerCounts& counts) {
  return {{"rows", counts.rows},
          {"answered", counts.answered},
          {"right", counts.right},
          {"precision", OrNull(counts.Precision())}};
}

Json CoverageJson(const Judgement& judgement) {
  Json points = Json::array();
  for (const CoveragePoint& point : judgement.coverage) points.push_back(PointJson(point));
  return points;
}

Json DialJson(const Judgement& judgement) {
  Json dial = Json::array();
  for (const DialSetting& setting : MeasureDial(judgement)) {
    Json entry = {{"precision", setting.precision}};
    if (setting.point) {
      entry.update(Json{{"threshold", setting.point->threshold},
                        {"coverage", setting.point->coverage},
                        {"precision_low", setting.point->precision_low}});
    } else {
      entry.update(Json{{"threshold", nullptr}, {"coverage", 0.0}, {"precision_low", nullptr}});
    }
    dial.push_back(std::move(entry));
  }
  return dial;
}

Json PromiseJson(const EvaluationReport& report) {
  if (!report.promise) return nullptr;
  const PromisedPrecision& promise = *report.promise;
  const PromiseTotals totals = SumPromise(*report.promise, report.judgement.figures.rows);
  Json labels = Json::array();
  for (std::size_t i = 0; i < promise.labels.size(); ++i) {
    const LabelThreshold& label = promise.labels[i];
    Json chosen = CountsJson(label.fitted);
    chosen["precision_low"] = label.precision_low;
    labels.push_back({{"label", report.judgement.figures.labels[i]},
                      {"threshold", label.threshold},
                      {"keeps_promise", label.kept},
                      {"validation", std::move(chosen)},
                      {"judged", CountsJson(promise.kept[i])}});
  }
  const auto part = [](double coverage, const std::optional<double>& precision) {
    return Json{{"coverage", coverage}, {"precision", OrNull(precision)}};
  };
  return {{"promised_precision", promise.promised},
          {"confidence", 1 - kPromiseAlpha},
          {"labels_that_keep_it", totals.labels_kept},
          {"validation", part(totals.fitted_coverage, totals.fitted_precision)},
          {"judged", part(totals.coverage, totals.precision)},
          {"labels", std::move(labels)}};
}

Json ComparedJson(const ComparedModel& model) {
  return {{"accuracy", model.accuracy},
          {"accuracy_interval", IntervalJson(model.accuracy_interval)},
          {"balanced_accuracy", model.balanced_accuracy},
          {"macro_f1", model.macro_f1},
          {"macro_f1_interval", IntervalJson(model.macro_f1_interval)},
          {"weighted_f1", model.weighted_f1},
          {"mcc", model.mcc},
          {"kappa", OrNull(model.kappa)},
          {"ece", OrNull(model.calibration_error)}};
}

Json HistoryJson(const std::vector<EpochRecord>& history) {
  Json epochs = Json::array();
  for (const EpochRecord& epoch : history) {
    epochs.push_back({{"epoch", epoch.epoch},
                      {"training_loss", epoch.training_loss},
                      {"validation_loss", epoch.validation_loss.value_or(0)},
                      {"accuracy", epoch.accuracy.value_or(0)},
                      {"macro_f1", epoch.macro_f1.value_or(0)},
                      {"seconds", epoch.seconds},
                      {"best", epoch.best}});
  }
  return epochs;
}

Json MistakesJson(const std::vector<Mistake>& mistakes) {
  Json json = Json::array();
  for (const Mistake& mistake : mistakes) {
    json.push_back({{"id", mistake.id},
                    {"label", mistake.label},
                    {"predicted", mistake.answer},
                    {"score", mistake.score}});
  }
  return json;
}

}  // namespace

std::string ToJson(const EvaluationReport& report) {
  const Judgement& judgement = report.judgement;
  const bool of_a_run = report.judged_on != "data";
  Json json = Json::object();
  // The figures of `guichet evaluate` have always stood at the top.
  if (!of_a_run) json = Json::parse(ToJson(judgement.figures));
  json["model"] = report.model;
  json["judged_on"] = report.judged_on;
  if (report.validation) json["validation"] = Json::parse(ToJson(*report.validation));
  if (report.judged_on == "holdout") json["holdout"] = Json::parse(ToJson(judgement.figures));
  json["unknown_label_rows"] = report.unknown_label_rows;
  json["intervals"] = {{"confidence", 0.95},
                       {"accuracy", IntervalJson(judgement.accuracy)},
                       {"macro_f1", IntervalJson(judgement.macro_f1)}};
  json["temperature"] = report.temperature;
  json["coverage"] = CoverageJson(judgement);
  json["dial"] = DialJson(judgement);
  if (of_a_run) json["thresholds"] = PromiseJson(report);
  json["worst_mistakes"] = MistakesJson(judgement.worst_mistakes);
  for (const ComparedModel& model : report.compared) {
    json["compared"][model.key] = ComparedJson(model);
  }
  if (report.no_baseline) json["no_baseline"] = *report.no_baseline;
  if (report.gate) {
    json["gate"] = Json::parse(ToJson(*report.gate));
  } else if (of_a_run) {
    json["gate"] = nullptr;
  }
  if (!of_a_run) return Dump(json);
  json["history"] = HistoryJson(report.history);
  Json& provenance = json["provenance"] = Json::object();
  for (const auto& [what, value] : report.provenance) provenance[what] = value;
  return Dump(json);
}

}  // namespace guichet
