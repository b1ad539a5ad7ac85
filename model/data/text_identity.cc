#include "model/data/text_identity.h"

#include <string>

namespace guichet {

TextIdentity IdentityOf(std::string_view text) {
  const std::string normalized = NormalizedText(text);
  return {.key = KeyOfText(normalized), .sketch = SketchOf(normalized)};
}

std::vector<TextIdentity> IdentitiesOf(const std::vector<Ticket>& tickets) {
  std::vector<TextIdentity> identities;
  identities.reserve(tickets.size());
  for (const Ticket& ticket : tickets) identities.push_back(IdentityOf(ticket.Text()));
  return identities;
}

}  // namespace guichet
