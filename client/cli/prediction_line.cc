#include "client/cli/prediction_line.h"

namespace guichet {

OrderedJson PredictionLine(const PredictionFields& fields) {
  OrderedJson line = OrderedJson::object();
  if (!fields.id.empty()) line["id"] = fields.id;
  line["label"] = fields.scores.front().first;
  line["score"] = ShortestDouble(fields.scores.front().second);
  OrderedJson& scores = line["scores"] = OrderedJson::array();
  for (const auto& [label, score] : fields.scores) {
    scores.push_back({{"label", label}, {"score", ShortestDouble(score)}});
  }
  if (fields.logits.has_value()) {
    OrderedJson& logits = line["logits"] = OrderedJson::array();
    for (const float logit : *fields.logits) logits.push_back(ShortestDouble(logit));
  }
  line["abstained"] = fields.abstained;
  line["tokens"] = fields.tokens;
  line["truncated"] = fields.truncated;
  if (fields.version.has_value()) line["version"] = *fields.version;
  return line;
}

OrderedJson ErrorLine(const std::string& id, const absl::Status& status) {
  OrderedJson line = OrderedJson::object();
  if (!id.empty()) line["id"] = id;
  line["error"] = {{"code", absl::StatusCodeToString(status.code())},
                   {"message", std::string(status.message())}};
  return line;
}

}  // namespace guichet
