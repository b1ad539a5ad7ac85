#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace guichet {

// Whom a URL's request talks to: what may be told to one origin may not be told to another.
struct UrlOrigin {
  std::string scheme;  // "http" or "https"
  std::string host;    // in lower case
  std::string port;    // "443", also where the URL leaves it out

  bool operator==(const UrlOrigin&) const = default;
};

// INVALID_ARGUMENT: not an absolute URL of http or https.
absl::StatusOr<UrlOrigin> OriginOf(const std::string& url);

// `text` as one part of a URL's path or query: all but letters, digits and -_.~ as %XX.
std::string PercentEncoded(std::string_view text);

}  // namespace guichet
