#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/tracking/run_tracker.h"

namespace guichet {

// JSON as Python's json module writes and reads it: NaN, Infinity and -Infinity are numbers.
std::string JsonNumber(double value);
// In quotes; bytes that are no UTF-8 are replaced.
std::string JsonText(std::string_view text);

// A value as people read it: text without its quotes, everything else as it is.
std::string PlainText(const TrackedValue& value);

// Seconds since 1970.
double UnixSeconds(WallTime time);

}  // namespace guichet
