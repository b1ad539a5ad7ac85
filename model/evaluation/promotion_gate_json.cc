#include <nlohmann/json.hpp>

#include "model/evaluation/promotion_gate.h"

namespace guichet {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string ToJson(const GateDecision& decision, bool indented) {
  Json json;
  json["verdict"] = NameOf(decision.verdict);
  json["reasons"] = decision.reasons;
  json["rows"] = decision.rows;
  json["rows_needed"] = decision.rows_needed;
  json["accuracy"] = {{"live", decision.live_accuracy},
                      {"candidate", decision.candidate_accuracy},
                      {"only_live_right", decision.only_live},
                      {"only_candidate_right", decision.only_candidate},
                      {"mcnemar_exact_p", decision.accuracy_test.exact},
                      {"mcnemar_mid_p", decision.accuracy_test.mid_p}};
  json["macro_f1"] = {{"live", decision.live_macro_f1},
                      {"candidate", decision.candidate_macro_f1},
                      {"difference_low", decision.macro_f1_difference.low},
                      {"difference_high", decision.macro_f1_difference.high}};
  Json changes = Json::array();
  for (const LabelChange& change : decision.changes) {
    changes.push_back({{"label", change.label},
                       {"support", change.support},
                       {"live_recall", change.live_recall},
                       {"candidate_recall", change.candidate_recall},
                       {"p_value", change.p_value}});
  }
  json["recall"] = std::move(changes);
  return json.dump(indented ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace guichet
