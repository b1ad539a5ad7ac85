#include "model/tracking/http_client.h"

#include <array>
#include <mutex>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

namespace guichet {
namespace {

constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;

std::size_t TakeAnswer(char* bytes, std::size_t one, std::size_t count, void* answer) {
  auto& body = *static_cast<std::string*>(answer);
  if (body.size() + count > kMaxAnswerBytes) return 0;
  body.append(bytes, one * count);
  return count;
}

int IsCancelled(void* flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(flag)->load() ? 1 : 0;
}

absl::Status ErrorOf(CURLcode code, const std::string& url, const char* detail) {
  const std::string message =
      fmt::format("{}: {}", url, *detail == '\0' ? curl_easy_strerror(code) : detail);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(message);
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::CancelledError(message);
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
      return absl::ResourceExhaustedError(message);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::FailedPreconditionError(message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

struct HttpClient::Handle {
  Handle() : curl(curl_easy_init()) {}
  ~Handle() {
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* const curl;
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  handle_ = std::make_unique<Handle>();
  CURL* const curl = handle_->curl;
  if (curl == nullptr) return;
  handle_->headers = curl_slist_append(nullptr, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error.data());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "guichet");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // never waits for a name server
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, long{options_.connect_timeout.count()});
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, long{options_.timeout.count()});
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeAnswer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, IsCancelled);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &cancelled_);
  if (!options_.user.empty() && !options_.password.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options_.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options_.password.c_str());
  } else if (!options_.token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, options_.token.c_str());
  }
}

HttpClient::~HttpClient() = default;

absl::StatusOr<HttpAnswer> HttpClient::Get(const std::string& url) { return Perform(url, nullptr); }

absl::StatusOr<HttpAnswer> HttpClient::PostJson(const std::string& url, const std::string& json) {
  return Perform(url, &json);
}

absl::StatusOr<HttpAnswer> HttpClient::Perform(const std::string& url, const std::string* json) {
  CURL* const curl = handle_->curl;
  if (curl == nullptr) return absl::ResourceExhaustedError("libcurl gives no handle");
  HttpAnswer answer;
  handle_->error[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  if (json != nullptr) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json->c_str());
  } else {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  }
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return ErrorOf(code, url, handle_->error.data());
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.code);
  return answer;
}

}  // namespace guichet
