#include "model/http/url.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace guichet {
namespace {

std::string PartOf(CURLU* url, CURLUPart part, unsigned int flags) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string value(text);
  curl_free(text);
  return value;
}

}  // namespace

absl::StatusOr<UrlOrigin> OriginOf(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  if (parsed == nullptr) return absl::ResourceExhaustedError("libcurl has no memory for a URL");
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return absl::InvalidArgumentError(fmt::format("'{}' is not a URL", url));
  }
  UrlOrigin origin{.scheme = PartOf(parsed.get(), CURLUPART_SCHEME, 0),
                   .host = PartOf(parsed.get(), CURLUPART_HOST, 0),
                   .port = PartOf(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  std::ranges::transform(origin.host, origin.host.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool web = origin.scheme == "http" || origin.scheme == "https";
  if (web && !origin.host.empty()) return origin;
  return absl::InvalidArgumentError(
      fmt::format("'{}' begins with neither http:// nor https://", url));
}

std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char byte : text) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_' || byte == '.' ||
                       byte == '~';
    encoded +=
        plain ? std::string(1, byte) : fmt::format("%{:02X}", static_cast<std::uint8_t>(byte));
  }
  return encoded;
}

}  // namespace guichet
