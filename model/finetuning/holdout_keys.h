#pragma once

#include <map>
#include <optional>

#include "model/data/text_identity.h"

namespace guichet {

// A hold-out for ever: texts by the key of their normalised form, each with the sketch that finds
// its near-duplicates. Those that were held out before sketches were kept have none until their
// text comes again. What is in it, or near it, never trains. About 140 bytes a text.
using HoldoutKeys = std::map<TextKey, std::optional<TextSketch>>;

}  // namespace guichet
