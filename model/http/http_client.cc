#include "model/http/http_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

namespace guichet {
namespace {

constexpr std::size_t kMaxHeaders = 100;
constexpr std::size_t kMaxHeaderBytes = 8192;

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// A URL as it may be shown: queries hold signatures and other secrets.
std::string_view Shown(const std::string& url) {
  return std::string_view(url).substr(0, url.find('?'));
}

absl::Status ErrorOf(CURLcode code, const std::string& url, const char* detail) {
  const std::string message =
      fmt::format("{}: {}", Shown(url), *detail == '\0' ? curl_easy_strerror(code) : detail);
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
    case CURLE_SSL_CACERT_BADFILE:
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
    curl_slist_free_all(json_headers);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* const curl;
  curl_slist* json_headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

// One request's answer while it comes in.
struct HttpClient::Transfer {
  CURL* curl;
  std::size_t max_bytes;
  HttpSink* sink;  // null: all is kept
  HttpAnswer answer = {};
  bool begun = false;
  absl::Status status = absl::OkStatus();  // the sink's

  bool ToSink() {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.code);
    return sink != nullptr && answer.code / 100 == 2;
  }
  void Begin() {
    if (!begun) status = sink->Begin(answer);
    begun = true;
  }
  static std::size_t TakeBody(char* bytes, std::size_t one, std::size_t count, void* data);
  static std::size_t TakeHeader(char* bytes, std::size_t one, std::size_t count, void* data);
};

std::size_t HttpClient::Transfer::TakeBody(char* bytes, std::size_t one, std::size_t count,
                                           void* data) {
  auto& transfer = *static_cast<Transfer*>(data);
  const std::string_view piece(bytes, one * count);
  if (transfer.ToSink()) {
    transfer.Begin();
    if (transfer.status.ok()) transfer.status = transfer.sink->Take(piece);
    return transfer.status.ok() ? piece.size() : 0;
  }
  const std::size_t room = transfer.max_bytes - transfer.answer.body.size();
  if (piece.size() > room && transfer.sink == nullptr) {
    transfer.status = absl::ResourceExhaustedError(
        fmt::format("the answer is longer than the {} bytes allowed", transfer.max_bytes));
    return 0;
  }
  transfer.answer.body.append(piece.substr(0, room));
  return piece.size();
}

std::size_t HttpClient::Transfer::TakeHeader(char* bytes, std::size_t one, std::size_t count,
                                             void* data) {
  auto& headers = static_cast<Transfer*>(data)->answer.headers;
  const std::string_view line(bytes, one * count);
  if (line.starts_with("HTTP/")) headers.clear();  // those before it were of a 100 Continue
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.size() > kMaxHeaderBytes) return line.size();
  std::string name(Trimmed(line.substr(0, colon)));
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (headers.size() < kMaxHeaders) {
    headers.insert_or_assign(std::move(name), std::string(Trimmed(line.substr(colon + 1))));
  }
  return line.size();
}

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  handle_ = std::make_unique<Handle>();
  CURL* const curl = handle_->curl;
  if (curl == nullptr) return;
  handle_->json_headers = curl_slist_append(nullptr, "Content-Type: application/json");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error.data());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "guichet");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // never waits for a name server
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, long{options_.connect_timeout.count()});
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, long{options_.timeout.count()});
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, options_.min_bytes_per_second);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, long{options_.stall_time.count()});
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, Transfer::TakeHeader);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Transfer::TakeBody);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
  curl_easy_setopt(
      curl, CURLOPT_XFERINFOFUNCTION,
      +[](void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        const auto& client = *static_cast<HttpClient*>(self);
        const auto& cancelled = client.options_.cancelled;
        return client.cancelled_ || (cancelled && cancelled()) ? 1 : 0;
      });
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
  }
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

absl::StatusOr<HttpAnswer> HttpClient::Get(const std::string& url) {
  curl_easy_setopt(handle_->curl, CURLOPT_HTTPGET, 1L);
  return Perform(url, nullptr);
}

absl::StatusOr<HttpAnswer> HttpClient::PostJson(const std::string& url, const std::string& json) {
  CURL* const curl = handle_->curl;
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->json_headers);
  auto answer = Perform(url, nullptr);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  return answer;
}

absl::StatusOr<HttpAnswer> HttpClient::Download(const std::string& url, std::uint64_t offset,
                                                HttpSink& sink) {
  CURL* const curl = handle_->curl;
  const std::string range = fmt::format("{}-", offset);
  curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  if (offset != 0) curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
  auto answer = Perform(url, &sink);
  curl_easy_setopt(curl, CURLOPT_RANGE, nullptr);
  return answer;
}

absl::StatusOr<HttpAnswer> HttpClient::Perform(const std::string& url, HttpSink* sink) {
  CURL* const curl = handle_->curl;
  if (curl == nullptr) return absl::ResourceExhaustedError("libcurl gives no handle");
  Transfer transfer{.curl = curl, .max_bytes = options_.max_answer_bytes, .sink = sink};
  handle_->error[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK && transfer.ToSink()) transfer.Begin();  // of an empty body
  if (!transfer.status.ok()) {
    return absl::Status(transfer.status.code(),
                        fmt::format("{}: {}", Shown(url), std::string(transfer.status.message())));
  }
  if (code != CURLE_OK) return ErrorOf(code, url, handle_->error.data());
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &transfer.answer.code);
  const char* redirect = nullptr;
  curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) transfer.answer.redirect = redirect;
  return std::move(transfer.answer);
}

}  // namespace guichet
