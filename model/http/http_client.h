#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

struct HttpOptions {
  std::string token = {};  // Bearer; empty: none
  std::string user = {};   // Basic, when both are given; before the token
  std::string password = {};
  std::string ca_file = {};  // PEM, whom to trust in place of the system's; empty: the system's
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds timeout{10'000};  // of a whole request; 0: as long as it moves
  // A transfer that brings fewer bytes a second than this for as long as that has stalled; 0: none.
  long min_bytes_per_second = 0;
  std::chrono::seconds stall_time{0};
  std::size_t max_answer_bytes = std::size_t{1} << 20;  // of what is kept in memory
  std::function<bool()> cancelled = {};  // asked at least once a second; true ends the request
};

struct HttpAnswer {
  long code = 0;  // e.g. 200
  std::string body = {};
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string redirect = {};                        // where a 3xx sends, made absolute; else empty
};

// Takes the body of an answer as it comes. An error ends the transfer, and is what the call
// returns.
class HttpSink {
 public:
  virtual ~HttpSink() = default;
  virtual absl::Status Begin(const HttpAnswer& head) = 0;  // once, before the first byte
  virtual absl::Status Take(std::string_view bytes) = 0;
};

// Requests one after the other over a connection that is kept, with libcurl, through the proxies
// that the environment names. Follows no redirect: it would carry credentials elsewhere. Used by
// one thread, but for Cancel.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // UNAVAILABLE: no connection, or it broke; DEADLINE_EXCEEDED: too slow; CANCELLED;
  // FAILED_PRECONDITION: no URL of http or https, or a server whose certificate does not hold;
  // RESOURCE_EXHAUSTED: no memory, or an answer beyond max_answer_bytes.
  absl::StatusOr<HttpAnswer> Get(const std::string& url);
  absl::StatusOr<HttpAnswer> PostJson(const std::string& url, const std::string& json);
  // The same with the body of a 2xx going to `sink`; of all others what fits is kept. Asks for the
  // bytes from `offset` on when it is not 0: 206 brings those, 200 all of them.
  absl::StatusOr<HttpAnswer> Download(const std::string& url, std::uint64_t offset, HttpSink& sink);

  // From any thread: ends the request under way, and all later ones, within a second.
  void Cancel() { cancelled_ = true; }

 private:
  struct Handle;
  struct Transfer;
  absl::StatusOr<HttpAnswer> Perform(const std::string& url, HttpSink* sink);

  const HttpOptions options_;
  std::atomic<bool> cancelled_ = false;
  std::unique_ptr<Handle> handle_;
};

}  // namespace guichet
