#pragma once

#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace guichet {

// Families of the server's metrics. Names come without the prefix "guichet_". The returned
// references live as long as the registry. Help texts must hold no backslash: prometheus-cpp does
// not escape them, and one breaks the whole scrape.
prometheus::Family<prometheus::Counter>& CounterFamily(prometheus::Registry& registry,
                                                       const std::string& name,
                                                       const std::string& help);
prometheus::Family<prometheus::Gauge>& GaugeFamily(prometheus::Registry& registry,
                                                   const std::string& name,
                                                   const std::string& help);
prometheus::Family<prometheus::Histogram>& HistogramFamily(prometheus::Registry& registry,
                                                           const std::string& name,
                                                           const std::string& help);

// Upper bounds in seconds, 0.2 ms to 10 s: the range from an idle tiny model to a full queue.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets();
// Powers of two from 1 to `largest` or just above.
prometheus::Histogram::BucketBoundaries PowersOfTwo(double largest);

}  // namespace guichet
