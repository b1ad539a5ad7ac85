#include "server/telemetry/generation_metrics.h"

namespace guichet {

GenerationMetrics::GenerationMetrics(prometheus::Registry& registry)
    : waiting_(&GaugeFamily(registry, "generation_queue_calls",
                            "Calls of Generate that wait for their turn.")
                    .Add({})),
      running_(&GaugeFamily(registry, "generation_running", "1 while a text is generated, else 0.")
                    .Add({})),
      refused_(&CounterFamily(registry, "generation_rejected_total",
                              "Calls of Generate refused since generation.max_queued_calls waited.")
                    .Add({})),
      tokens_(&CounterFamily(registry, "generation_tokens_total",
                             "Tokens of the sequences that were returned whole.")
                   .Add({})),
      first_token_(&HistogramFamily(registry, "generation_first_token_seconds",
                                    "From a call's place in the queue to its first token; beam "
                                    "searches, which send none before the end, are left out.")
                        .Add({}, LatencyBuckets())) {}

}  // namespace guichet
