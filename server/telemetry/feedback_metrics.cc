#include "server/telemetry/feedback_metrics.h"

namespace guichet {

FeedbackMetrics::FeedbackMetrics(prometheus::Registry& registry) {
  auto& predictions = CounterFamily(registry, "review_predictions_total",
                                    "Uncertain answers on their way into the review queue, by "
                                    "whether they were kept or dropped.");
  kept_ = &predictions.Add({{"result", "kept"}});
  dropped_ = &predictions.Add({{"result", "dropped"}});
}

void FeedbackMetrics::CountPredictions(bool kept, std::size_t predictions) {
  (kept ? kept_ : dropped_)->Increment(static_cast<double>(predictions));
}

}  // namespace guichet
