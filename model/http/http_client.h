#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace guichet {

struct HttpOptions {
  std::string token = {};  // Bearer; empty: none
  std::string user = {};   // Basic, when both are given; before the token
  std::string password = {};
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds timeout{10'000};  // of a whole request
};

struct HttpAnswer {
  long code = 0;  // e.g. 200
  std::string body;
};

// Requests one after the other over a connection that is kept, with libcurl. Follows no redirect:
// it would carry credentials elsewhere. Used by one thread, but for Cancel.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // UNAVAILABLE: no connection, or it broke; DEADLINE_EXCEEDED; CANCELLED; RESOURCE_EXHAUSTED: no
  // memory, or an answer beyond 1 MiB.
  absl::StatusOr<HttpAnswer> Get(const std::string& url);
  absl::StatusOr<HttpAnswer> PostJson(const std::string& url, const std::string& json);

  // From any thread: ends the request under way, and all later ones, within a second.
  void Cancel() { cancelled_ = true; }

 private:
  struct Handle;
  absl::StatusOr<HttpAnswer> Perform(const std::string& url, const std::string* json);

  const HttpOptions options_;
  std::atomic<bool> cancelled_ = false;
  std::unique_ptr<Handle> handle_;
};

}  // namespace guichet
