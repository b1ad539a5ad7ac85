#pragma once

#include <set>

#include "model/data/text_key.h"

namespace guichet {

// A hold-out for ever: texts by the key of their normalised form. What is in it never trains.
using HoldoutKeys = std::set<TextKey>;

}  // namespace guichet
