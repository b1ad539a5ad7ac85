#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "model/http/http_client.h"
#include "model/hub/hub_options.h"
#include "model/hub/repo_name.h"

namespace guichet {

// What a hub's answer that is no success means, and what to do about it. `what` names the thing
// asked for. PERMISSION_DENIED: gated, private, or a token that does not count; NOT_FOUND;
// UNAVAILABLE: may pass (408, 429, 5xx); OUT_OF_RANGE: there is no such range (416);
// FAILED_PRECONDITION: everything else.
absl::Status HubRefusal(const HttpAnswer& answer, const RepoName& repo, const std::string& what,
                        const HubOptions& options);

// How long an answer asks to be left alone (Retry-After in seconds); 0: it does not say.
std::chrono::milliseconds RetryAfter(const HttpAnswer& answer);

}  // namespace guichet
