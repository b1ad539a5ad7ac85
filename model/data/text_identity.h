#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "model/data/text_key.h"
#include "model/data/text_sketch.h"
#include "model/data/ticket.h"

namespace guichet {

// What a text is compared with others by: equal ones share the key, near-duplicates most of the
// sketch, which only a text without letters and digits lacks. 88 bytes.
struct TextIdentity {
  TextKey key;
  std::optional<TextSketch> sketch;

  friend bool operator==(const TextIdentity&, const TextIdentity&) = default;
};

TextIdentity IdentityOf(std::string_view text);
std::vector<TextIdentity> IdentitiesOf(const std::vector<Ticket>& tickets);

}  // namespace guichet
