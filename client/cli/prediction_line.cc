#include "client/cli/prediction_line.h"

namespace guichet {

OrderedJson ErrorLine(const std::string& id, const absl::Status& status) {
  OrderedJson line = OrderedJson::object();
  if (!id.empty()) line["id"] = id;
  line["error"] = {{"code", absl::StatusCodeToString(status.code())},
                   {"message", std::string(status.message())}};
  return line;
}

}  // namespace guichet
