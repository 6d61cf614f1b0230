// bench_client.hpp: a blocking SMTP client that throws at the first surprise.
// Spec: none.                                                  Not here: tests (runtime/*_test).
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pb::bench {
class Client {
 public:
  explicit Client(std::uint16_t port) : descriptor_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~Client() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Client(Client&& other) noexcept
      : descriptor_{std::exchange(other.descriptor_, -1)},
        ssl_{std::exchange(other.ssl_, nullptr)} {}
  Client& operator=(Client&&) = delete;

  /// `name`: what the certificate must be for, where `context` verifies; null: any.
  void start_tls(SSL_CTX* context, char const* name = nullptr) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, descriptor_);
    if (name != nullptr) {
      SSL_set_tlsext_host_name(ssl_, name);
      SSL_set1_host(ssl_, name);
    }
    if (SSL_connect(ssl_) != 1) throw std::runtime_error("handshake failed");
  }
  void close_notify() { SSL_shutdown(ssl_); }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      long octets = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                         : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (octets <= 0) throw std::runtime_error("cannot send");
      bytes.remove_prefix(static_cast<std::size_t>(octets));
    }
  }
  /// Reads one reply whole; throws unless it begins with `code`.
  void expect(std::string_view code) {
    std::string got;
    while (!complete(got)) {
      char buffer[4096];
      long octets = ssl_ ? SSL_read(ssl_, buffer, sizeof buffer)
                         : ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (octets <= 0) throw std::runtime_error("the server closed");
      got.append(buffer, static_cast<std::size_t>(octets));
    }
    if (!got.starts_with(code)) throw std::runtime_error("unexpected reply: " + got);
  }
  void ask(std::string const& line, std::string_view code) {
    send(line + "\r\n");
    expect(code);
  }

 private:
  static bool complete(std::string_view got) {
    if (!got.ends_with("\r\n")) return false;
    std::size_t line = got.rfind('\n', got.size() - 2);
    line = line == std::string_view::npos ? 0 : line + 1;
    return got.size() - line < 4 || got[line + 3] != '-';
  }
  int descriptor_;
  SSL* ssl_ = nullptr;
};
}  // namespace pb::bench
