#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/collectable.h>

#include "absl/status/statusor.h"

namespace guichet {

// What the HTTP port serves.
struct HttpContent {
  std::vector<std::shared_ptr<const prometheus::Collectable>> collectables;
  std::function<void()> before_scrape;  // may be empty
  std::function<bool()> ready;          // of /readyz
};

// The HTTP port: /metrics (Prometheus text format), /healthz (200 while the process answers) and
// /readyz (200 or 503). Two threads of its own; stops on destruction. `content` is called from
// them.
class HttpEndpoint {
 public:
  // `address` is host:port; port 0 picks a free one. UNAVAILABLE: the address is taken or wrong.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& address,
                                                             HttpContent content);
  ~HttpEndpoint();

  int port() const;

 private:
  struct State;
  explicit HttpEndpoint(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace guichet
