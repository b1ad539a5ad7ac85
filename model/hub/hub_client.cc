#include "model/hub/hub_client.h"

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/hub/hub_refusal.h"

namespace guichet {
namespace {

constexpr int kMaxRedirects = 10;

HttpOptions ToHttpOptions(const HubOptions& options, const std::function<bool()>& cancelled,
                          const std::string& token) {
  return {.token = token,
          .ca_file = options.ca_file,
          .connect_timeout = options.connect_timeout,
          .timeout = std::chrono::milliseconds(0),
          .min_bytes_per_second = options.min_bytes_per_second,
          .stall_time = options.stall_time,
          .max_answer_bytes = HubListingLimits().max_json_bytes,
          .cancelled = cancelled};
}

// A certificate that does not hold is most often a company's own.
absl::Status WithRemedy(const absl::Status& status) {
  if (status.message().find("certificate") == std::string_view::npos) return status;
  return absl::Status(status.code(),
                      fmt::format("{}; where a proxy or a hub has an authority of its own, "
                                  "SSL_CERT_FILE names its PEM file",
                                  std::string(status.message())));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HubClient>> HubClient::Make(const HubOptions& options,
                                                           const std::function<bool()>& cancelled) {
  absl::StatusOr<UrlOrigin> hub = OriginOf(options.endpoint);
  if (!hub.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("HF_ENDPOINT: {}", std::string(hub.status().message())));
  }
  return std::unique_ptr<HubClient>(new HubClient(options, cancelled, *std::move(hub)));
}

HubClient::HubClient(const HubOptions& options, const std::function<bool()>& cancelled,
                     UrlOrigin hub)
    : options_(options),
      hub_(std::move(hub)),
      known_(ToHttpOptions(options, cancelled, options.token)),
      anonymous_(ToHttpOptions(options, cancelled, "")) {}

absl::StatusOr<HttpAnswer> HubClient::Follow(std::string url, const Request& request) {
  bool encrypted = false;
  retry_after_ = {};
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    const absl::StatusOr<UrlOrigin> origin = OriginOf(url);
    if (!origin.ok()) {
      return absl::FailedPreconditionError(
          fmt::format("redirected to a place that is refused: {}",
                      std::string(origin.status().message()).substr(0, 300)));
    }
    if (encrypted && origin->scheme != "https") {
      return absl::FailedPreconditionError(
          fmt::format("redirected from https to http://{}, which is refused: anyone on the way "
                      "could read and change it; see HF_ENDPOINT and the proxies",
                      origin->host));
    }
    encrypted = origin->scheme == "https";
    HttpClient& client = *origin == hub_ ? known_ : anonymous_;
    absl::StatusOr<HttpAnswer> answer = request(client, url);
    if (!answer.ok()) return WithRemedy(answer.status());
    if (answer->redirect.empty()) {
      retry_after_ = RetryAfter(*answer);
      return answer;
    }
    url = std::move(answer->redirect);
  }
  return absl::FailedPreconditionError(
      fmt::format("{}: redirected more than {} times; see HF_ENDPOINT and the proxies",
                  options_.endpoint, kMaxRedirects));
}

absl::StatusOr<std::string> HubClient::GetListing(const RepoName& repo) {
  const std::string url = fmt::format("{}/api/models/{}/revision/{}?blobs=true", options_.endpoint,
                                      repo.Full(), PercentEncoded(repo.revision));
  GUICHET_ASSIGN_OR_RETURN(HttpAnswer answer, Follow(url, [](HttpClient& client, const auto& at) {
                             return client.Get(at);
                           }));
  if (answer.code != 200) return HubRefusal(answer, repo, "the listing", options_);
  return std::move(answer.body);
}

absl::Status HubClient::Download(const RepoName& repo, const std::string& commit,
                                 const HubFile& file, std::uint64_t offset, HttpSink& sink) {
  const std::string url = fmt::format("{}/{}/resolve/{}/{}", options_.endpoint, repo.Full(), commit,
                                      PercentEncoded(file.name));
  GUICHET_ASSIGN_OR_RETURN(const HttpAnswer answer,
                           Follow(url, [&](HttpClient& client, const auto& at) {
                             return client.Download(at, offset, sink);
                           }));
  return answer.code / 100 == 2 ? absl::OkStatus() : HubRefusal(answer, repo, file.name, options_);
}

}  // namespace guichet
