#include "server/telemetry/http_endpoint.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include <CivetServer.h>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

namespace guichet {
namespace {

void Reply(mg_connection* connection, int code, std::string_view reason,
           std::string_view content_type, std::string_view body) {
  const std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\r\n",
      code, reason, content_type, body.size());
  mg_write(connection, head.data(), head.size());
  mg_write(connection, body.data(), body.size());
}

class MetricsHandler : public CivetHandler {
 public:
  explicit MetricsHandler(const HttpContent& content) : content_(content) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    if (content_.before_scrape) content_.before_scrape();
    std::vector<prometheus::MetricFamily> families;
    for (const auto& collectable : content_.collectables) {
      std::vector<prometheus::MetricFamily> some = collectable->Collect();
      families.insert(families.end(), std::make_move_iterator(some.begin()),
                      std::make_move_iterator(some.end()));
    }
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families);
    Reply(connection, 200, "OK", "text/plain; version=0.0.4; charset=utf-8", text.str());
    return true;
  }

 private:
  const HttpContent& content_;
};

// Answers 200 while `healthy` says so, else 503.
class ProbeHandler : public CivetHandler {
 public:
  explicit ProbeHandler(std::function<bool()> healthy) : healthy_(std::move(healthy)) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    if (healthy_()) {
      Reply(connection, 200, "OK", "text/plain", "ok\n");
    } else {
      Reply(connection, 503, "Service Unavailable", "text/plain", "not ready\n");
    }
    return true;
  }

 private:
  const std::function<bool()> healthy_;
};

// Connects to a port of this machine and hangs up.
void Knock(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Whether it succeeds does not matter: the stop then only takes longer.
  static_cast<void>(
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  ::close(socket);
}

}  // namespace

struct HttpEndpoint::State {
  explicit State(HttpContent what)
      : content(std::move(what)),
        metrics(content),
        live([] { return true; }),
        ready([this] { return content.ready && content.ready(); }) {}

  const HttpContent content;
  MetricsHandler metrics;
  ProbeHandler live;
  ProbeHandler ready;
  std::unique_ptr<CivetServer> server;  // last: stops first
};

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& address,
                                                                  HttpContent content) {
  auto state = std::make_unique<State>(std::move(content));
  const std::vector<std::string> options = {
      "listening_ports", address, "num_threads", "2",
      // A probe or a scrape is one short request: slow senders lose their thread soon.
      "request_timeout_ms", "5000", "enable_keep_alive", "no", "max_request_size", "8192"};
  try {
    state->server = std::make_unique<CivetServer>(options);
  } catch (const CivetException& error) {
    return absl::UnavailableError(fmt::format(
        "server.http_address: cannot listen on {}: {}; is the port taken?", address, error.what()));
  }
  state->server->addHandler("/metrics", state->metrics);
  state->server->addHandler("/healthz", state->live);
  state->server->addHandler("/readyz", state->ready);
  return std::unique_ptr<HttpEndpoint>(new HttpEndpoint(std::move(state)));
}

HttpEndpoint::HttpEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}

// civetweb's listener sees that it shall stop when a connection comes, or after two seconds: so
// connections are made until it has.
HttpEndpoint::~HttpEndpoint() {
  const int port_number = port();
  std::atomic<bool> stopped{false};
  std::thread stop([this, &stopped] {
    state_->server->close();
    stopped = true;
  });
  while (!stopped) {
    Knock(port_number);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop.join();
}

int HttpEndpoint::port() const {
  const std::vector<int> ports = state_->server->getListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace guichet
