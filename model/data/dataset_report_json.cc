#include <nlohmann/json.hpp>

#include "model/data/dataset_report.h"

namespace guichet {

std::string ToJson(const DatasetReport& report, bool indented) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["rows"] = report.rows;
  json["ok"] = !report.has_errors();
  json["encoding"] = report.encoding;
  Json labels = Json::array();
  for (const auto& [label, count] : report.labels) {
    labels.push_back({{"label", label}, {"rows", count}});
  }
  json["labels"] = std::move(labels);
  json["characters"] = {{"mean", report.characters.mean},
                        {"median", report.characters.median},
                        {"p95", report.characters.p95},
                        {"longest", report.characters.longest}};
  Json findings = Json::array();
  for (const DatasetFinding& finding : report.findings) {
    const bool error = finding.severity == FindingSeverity::kError;
    findings.push_back({{"severity", error ? "error" : "warning"},
                        {"code", finding.code},
                        {"count", finding.count},
                        {"lines", finding.lines},
                        {"details", finding.details},
                        {"message", finding.message}});
  }
  json["findings"] = std::move(findings);
  return json.dump(indented ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace guichet
