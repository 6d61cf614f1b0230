// relay_sink.cpp: takes every message and throws it away, as smtp-sink(1) does; with a certificate
// it offers STARTTLS. A thread a connection: few are measured.  Driver: bench/relay.py.
// Usage: bench_relay_sink ADDRESS PORT RECIPIENTS [CERTIFICATE KEY]. Says "ready", and "done" when
// so many recipients' messages have come; ends with its input.
// Not `packetboat bench sink`: the far end must cost little, and be no part of what is measured.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {
struct Count {
  std::atomic<long> taken = 0;
  long wanted = 0;

  void add(long recipients) {
    long const before = taken.fetch_add(recipients);
    if (before < wanted && before + recipients >= wanted) {
      fmt::print("done\n");
      std::fflush(stdout);
    }
  }
};

class Connection {
 public:
  Connection(int descriptor, SSL_CTX* context, Count& count)
      : descriptor_{descriptor}, context_{context}, count_{count} {}
  ~Connection() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    ::close(descriptor_);
  }
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  void serve() {
    say("220 sink.test ESMTP\r\n");
    while (alive_ && fill()) {
      while (alive_ && (in_data_ ? take_body() : take_line())) {
      }
    }
  }

 private:
  bool fill() {
    char buffer[65536];
    long const got = ssl_ ? SSL_read(ssl_, buffer, sizeof buffer)
                          : ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got > 0) input_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }
  void say(std::string_view text) {
    long const octets = ssl_ ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                             : ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (octets <= 0) alive_ = false;
  }
  bool take_body() {
    std::size_t const end = input_.find("\r\n.\r\n");
    if (end == std::string::npos) {
      if (input_.size() > 4) input_.erase(0, input_.size() - 4);
      return false;
    }
    input_.erase(0, end + 5);
    in_data_ = false;
    say("250 2.0.0 Ok\r\n");
    count_.add(recipients_);
    recipients_ = 0;
    return true;
  }
  bool take_line() {
    std::size_t const end = input_.find("\r\n");
    if (end == std::string::npos) return false;
    std::string const line = input_.substr(0, end);
    input_.erase(0, end + 2);
    answer(line.substr(0, 4));
    return true;
  }
  void answer(std::string_view verb) {
    if (verb == "EHLO") {
      bool const offer = context_ != nullptr && ssl_ == nullptr;
      return say(!offer ? "250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
                        : "250-sink.test\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n");
    }
    if (verb == "STAR") return start_tls();
    if (verb == "QUIT") {
      say("221 2.0.0 Bye\r\n");
      alive_ = false;
      return;
    }
    if (verb == "DATA") {
      in_data_ = true;
      return say("354 Go on\r\n");
    }
    if (verb == "RCPT") ++recipients_;
    say("250 2.0.0 Ok\r\n");
  }
  void start_tls() {
    say("220 2.0.0 Ready\r\n");
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, descriptor_);
    alive_ = SSL_accept(ssl_) == 1;
  }

  int descriptor_;
  SSL_CTX* context_;
  Count& count_;
  SSL* ssl_ = nullptr;
  std::string input_;
  long recipients_ = 0;
  bool in_data_ = false;
  bool alive_ = true;
};

int listen_at(std::string const& address, int port) {
  int const out = ::socket(AF_INET, SOCK_STREAM, 0);
  int const one = 1;
  ::setsockopt(out, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
  bool const good = ::bind(out, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  return good && ::listen(out, 1024) == 0 ? out : -1;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) {
    fmt::print(stderr, "usage: {} ADDRESS PORT RECIPIENTS [CERTIFICATE KEY]\n", argv[0]);
    return 64;
  }
  SSL_CTX* context = nullptr;
  if (argc == 6) {
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_file(context, argv[4], SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context, argv[5], SSL_FILETYPE_PEM);
  }
  Count count;
  count.wanted = std::stol(argv[3]);
  int const listener = listen_at(argv[1], std::stoi(argv[2]));
  if (listener < 0) {
    std::perror("relay_sink");
    return 1;
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  std::thread{[] {
    while (std::getchar() != EOF) {
    }
    ::_exit(0);
  }}.detach();
  for (;;) {
    int const peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) continue;
    int const one = 1;
    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    std::thread{[peer, context, &count] { Connection{peer, context, count}.serve(); }}.detach();
  }
}
