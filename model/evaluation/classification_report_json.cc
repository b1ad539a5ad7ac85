#include <nlohmann/json.hpp>

#include "model/evaluation/classification_report.h"

namespace guichet {
namespace {

using Json = nlohmann::ordered_json;

Json ScoresJson(const PrecisionRecall& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

void AddProbabilities(const ProbabilityScores& scores, Json& json) {
  Json top_k = Json::object();
  for (const auto& [k, share] : scores.top_k) top_k[std::to_string(k)] = share;
  json["top_k"] = std::move(top_k);
  json["nll"] = scores.nll;
  json["brier"] = scores.brier;
  json["ece"] = scores.expected_calibration_error;
  json["mce"] = scores.maximum_calibration_error;
  Json bins = Json::array();
  for (const ReliabilityBin& bin : scores.reliability) {
    bins.push_back({{"n", bin.rows},
                    {"confidence", bin.confidence},
                    {"accuracy", bin.accuracy},
                    {"low", bin.low},
                    {"high", bin.high}});
  }
  json["reliability"] = std::move(bins);
}

}  // namespace

std::string ToJson(const ClassificationReport& report, bool indented) {
  Json json;
  json["rows"] = report.rows;
  json["accuracy"] = report.accuracy;
  json["balanced_accuracy"] = report.balanced_accuracy;
  json["mcc"] = report.mcc;
  json["kappa"] = report.kappa ? Json(*report.kappa) : Json(nullptr);
  json["macro"] = ScoresJson(report.macro);
  json["micro"] = ScoresJson(report.micro);
  json["weighted"] = ScoresJson(report.weighted);
  Json present = Json::array();
  for (const int label : report.present_labels) {
    present.push_back(report.labels[static_cast<size_t>(label)]);
  }
  json["macro_present_labels_only"] = {{"labels", std::move(present)},
                                       {"f1", report.macro_f1_present}};
  Json per_label = Json::array();
  for (size_t i = 0; i < report.labels.size(); ++i) {
    Json entry = {{"label", report.labels[i]}};
    entry.update(ScoresJson(report.per_label[i].scores));
    entry["support"] = report.per_label[i].support;
    per_label.push_back(std::move(entry));
  }
  json["per_label"] = std::move(per_label);
  json["labels"] = report.labels;
  json["confusion"] = report.confusion;
  if (report.probabilities) AddProbabilities(*report.probabilities, json);
  return json.dump(indented ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace guichet
