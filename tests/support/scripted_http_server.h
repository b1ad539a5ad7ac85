#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace guichet {

struct HttpCall {
  std::string head;  // request line and header lines
  std::string body;

  // "POST /path"
  std::string What() const { return head.substr(0, head.find(" HTTP/")); }
};

struct HttpReplyScript {
  int code = 200;
  std::string body = "{}";
  bool hang = false;         // no answer at all, until the server ends
  std::string headers = "";  // more header lines, each with its line end
  std::size_t lacking = 0;   // bytes that Content-Length promises beyond the body
};

// An HTTP/1.1 server on a free port of this machine that answers, one call after the other, what a
// function says. The function runs on the server's thread.
class ScriptedHttpServer {
 public:
  using Script = std::function<HttpReplyScript(const HttpCall&)>;

  explicit ScriptedHttpServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~ScriptedHttpServer() {
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int connection : hanging_) ::close(connection);
  }
  ScriptedHttpServer(const ScriptedHttpServer&) = delete;
  ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::vector<HttpCall> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  void Serve() {
    while (!ending_) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      const HttpCall call = ReadCall(connection);
      {
        const std::lock_guard lock(mutex_);
        calls_.push_back(call);
      }
      const HttpReplyScript reply = script_(call);
      if (reply.hang) {
        hanging_.push_back(connection);
        continue;
      }
      const std::string text = "HTTP/1.1 " + std::to_string(reply.code) +
                               " Scripted\r\nConnection: close\r\nContent-Length: " +
                               std::to_string(reply.body.size() + reply.lacking) + "\r\n" +
                               reply.headers + "\r\n" + reply.body;
      (void)!::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
      ::close(connection);
    }
  }

  static HttpCall ReadCall(int connection) {
    std::string text;
    std::array<char, 65'536> buffer{};
    std::size_t split = std::string::npos;
    std::size_t length = 0;
    while (split == std::string::npos || text.size() < split + 4 + length) {
      const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
      split = text.find("\r\n\r\n");
      const std::size_t field = text.find("Content-Length: ");
      if (split != std::string::npos && field < split) length = std::stoul(text.substr(field + 16));
      if (text.find("Expect: 100-continue") < split && length > 0 && text.size() == split + 4) {
        constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
        (void)!::send(connection, kGoOn.data(), kGoOn.size(), MSG_NOSIGNAL);
      }
    }
    if (split == std::string::npos) return {text, ""};
    return {text.substr(0, split), text.substr(split + 4)};
  }

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_;
  std::vector<HttpCall> calls_;
  std::vector<int> hanging_;  // the thread's
  std::thread thread_;
};

}  // namespace guichet
