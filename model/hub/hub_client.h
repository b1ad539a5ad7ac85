#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/http/http_client.h"
#include "model/http/url.h"
#include "model/hub/hub_listing.h"
#include "model/hub/hub_options.h"
#include "model/hub/repo_name.h"

namespace guichet {

// Requests to one hub. Redirects are followed one by one: the token goes to the hub's own origin
// alone, what began with https never goes on without it, and their number has a bound. Used by one
// thread. `options` must outlive it.
class HubClient {
 public:
  // INVALID_ARGUMENT: the endpoint is no web address.
  static absl::StatusOr<std::unique_ptr<HubClient>> Make(const HubOptions& options,
                                                         const std::function<bool()>& cancelled);

  // The listing's JSON; errors are HubRefusal's and HttpClient's.
  absl::StatusOr<std::string> GetListing(const RepoName& repo);
  // The bytes of a file from `offset` on, into `sink`.
  absl::Status Download(const RepoName& repo, const std::string& commit, const HubFile& file,
                        std::uint64_t offset, HttpSink& sink);

  // What the last answer asked to be left alone for; 0: it did not say.
  std::chrono::milliseconds retry_after() const { return retry_after_; }

 private:
  using Request = std::function<absl::StatusOr<HttpAnswer>(HttpClient&, const std::string& url)>;

  HubClient(const HubOptions& options, const std::function<bool()>& cancelled, UrlOrigin hub);
  absl::StatusOr<HttpAnswer> Follow(std::string url, const Request& request);

  const HubOptions& options_;
  const UrlOrigin hub_;
  HttpClient known_;      // tells the token
  HttpClient anonymous_;  // never does
  std::chrono::milliseconds retry_after_{0};
};

}  // namespace guichet
