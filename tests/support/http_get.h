#pragma once

#include <array>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace guichet {

struct HttpReply {
  int code = 0;
  std::string head;
  std::string body;
};

// GET of a path from a server on this machine. Throws std::runtime_error when it cannot connect.
inline HttpReply HttpGet(int port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(socket);
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
  std::string reply;
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(request.size())) {
    std::array<char, 4096> buffer{};
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (got > 0) reply.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(socket);
  const std::size_t split = reply.find("\r\n\r\n");
  if (split == std::string::npos || reply.size() < 12) return {};
  return {std::stoi(reply.substr(9, 3)), reply.substr(0, split), reply.substr(split + 4)};
}

// The value of one series of a Prometheus text, e.g. `guichet_queue_texts` or
// `guichet_requests_total{...}` with its labels in the order they are written; -1 when absent.
inline double MetricValue(const std::string& text, const std::string& series) {
  const std::string whole = "\n" + text;
  const std::size_t at = whole.find("\n" + series + " ");
  if (at == std::string::npos) return -1;
  return std::stod(whole.substr(at + series.size() + 2));
}

}  // namespace guichet
