#include "server/pipeline/pipeline_observer.h"

namespace guichet {

std::string_view NameOf(BatchCloseReason reason) {
  switch (reason) {
    case BatchCloseReason::kTokenBudget:
      return "token_budget";
    case BatchCloseReason::kTextBudget:
      return "text_budget";
    case BatchCloseReason::kQueueEmpty:
      return "queue_empty";
    case BatchCloseReason::kWaitOver:
      return "wait_over";
    case BatchCloseReason::kVersionChange:
      return "version_change";
  }
  return "unknown";
}

}  // namespace guichet
