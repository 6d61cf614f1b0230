// submission_load.cpp: how many submissions a second does a server take, each on a connection of
// its own with STARTTLS (or implicit TLS) and a login?              Driver:
// bench/auto_against_strict.py Usage: bench_submission_load PORT starttls|implicit CA_FILE USER
// PASSWORD FROM TO COUNT CONNECTIONS
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/encoding.hpp"

namespace {
using Clock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  bool implicit = false;
  std::string ca_file, login, from, to;
  int count = 0;
  int connections = 0;
};

/// One blocking connection; throws on anything unexpected, since a benchmark has no second plan.
class Client {
 public:
  Client(Options const& options, SSL_CTX* context) : options_{options} {
    descriptor_ = socket(AF_INET, SOCK_STREAM, 0);
    int const one = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("connect");
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, descriptor_);
    SSL_set_tlsext_host_name(ssl_, "localhost");
    SSL_set1_host(ssl_, "localhost");
  }
  ~Client() {
    SSL_free(ssl_);
    close(descriptor_);
  }
  Client(Client const&) = delete;
  Client& operator=(Client const&) = delete;

  void submit() {
    if (options_.implicit) handshake();
    expect("220");
    command("EHLO load.test", "250");
    if (!options_.implicit) {
      command("STARTTLS", "220");
      handshake();
      command("EHLO load.test", "250");
    }
    command("AUTH PLAIN " + options_.login, "235");
    command("MAIL FROM:<" + options_.from + ">", "250");
    command("RCPT TO:<" + options_.to + ">", "250");
    command("DATA", "354");
    command(
        "From: <" + options_.from + ">\r\nSubject: load\r\n\r\n" + std::string(1024, 'x') + "\r\n.",
        "250");
    command("QUIT", "221");
  }

 private:
  [[noreturn]] static void fail(std::string const& what) {
    throw std::runtime_error("submission_load: " + what);
  }
  void handshake() {
    if (SSL_connect(ssl_) != 1) fail("TLS handshake");
    encrypted_ = true;
  }
  void command(std::string line, std::string_view code) {
    line += "\r\n";
    auto const size = static_cast<int>(line.size());
    bool const sent = encrypted_ ? SSL_write(ssl_, line.data(), size) == size
                                 : send(descriptor_, line.data(), line.size(), 0) == size;
    if (!sent) fail("write");
    expect(code);
  }
  void expect(std::string_view code) {
    for (;;) {
      for (auto end = input_.find("\r\n"); end != std::string::npos; end = input_.find("\r\n")) {
        std::string const line = input_.substr(0, end);
        input_.erase(0, end + 2);
        if (line.size() > 3 && line[3] == '-') continue;
        if (!line.starts_with(code)) fail("wanted " + std::string{code} + ", got: " + line);
        return;
      }
      char buffer[4096];
      auto const got = encrypted_ ? static_cast<ssize_t>(SSL_read(ssl_, buffer, sizeof buffer))
                                  : recv(descriptor_, buffer, sizeof buffer, 0);
      if (got <= 0) fail("the server closed");
      input_.append(buffer, static_cast<std::size_t>(got));
    }
  }

  Options const& options_;
  int descriptor_ = -1;
  SSL* ssl_ = nullptr;
  bool encrypted_ = false;
  std::string input_;
};

void run(Options const& options) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) != 1) {
    throw std::runtime_error("cannot read " + options.ca_file);
  }
  std::atomic<int> left = options.count;
  std::vector<std::vector<double>> times(static_cast<std::size_t>(options.connections));
  auto const start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (auto& mine : times) {
      threads.emplace_back([&options, &left, &mine, context] {
        while (left.fetch_sub(1) > 0) {
          auto const begin = Clock::now();
          Client{options, context}.submit();
          mine.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        }
      });
    }
  }
  double const seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> all;
  for (auto const& one : times) all.insert(all.end(), one.begin(), one.end());
  std::ranges::sort(all);
  fmt::print("{:.1f} {:.2f} {:.2f}\n", options.count / seconds, all[all.size() / 2],
             all[all.size() * 99 / 100]);
  SSL_CTX_free(context);
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 10) {
    fmt::print(stderr, "usage: {} PORT starttls|implicit CA USER PASSWORD FROM TO COUNT N\n",
               argv[0]);
    return 64;
  }
  std::vector<std::string> const a(argv, argv + argc);
  Options options;
  options.port = static_cast<std::uint16_t>(std::stoi(a[1]));
  options.implicit = a[2] == "implicit";
  options.ca_file = a[3];
  options.login = pb::base64_encode(std::string(1, '\0') + a[4] + std::string(1, '\0') + a[5]);
  options.from = a[6];
  options.to = a[7];
  options.count = std::stoi(a[8]);
  options.connections = std::stoi(a[9]);
  run(options);
  return 0;
}
