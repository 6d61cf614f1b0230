// submission_load.cpp: how many submissions a second does a server take, each on a connection of
// its own with STARTTLS (or implicit TLS) and a login?  Driver: bench/auto_against_strict.py.
// Usage: bench_submission_load PORT (starttls or implicit) CA_FILE USER PASSWORD FROM TO COUNT N
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/encoding.hpp"
#include "bench_client.hpp"

namespace {
using Clock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  bool implicit = false;
  std::string ca_file, login, from, to;
  int count = 0;
  int connections = 0;
};

void submit(Options const& options, SSL_CTX* context) {
  pb::bench::Client client{options.port};
  if (options.implicit) client.start_tls(context, "localhost");
  client.expect("220");
  client.ask("EHLO load.test", "250");
  if (!options.implicit) {
    client.ask("STARTTLS", "220");
    client.start_tls(context, "localhost");
    client.ask("EHLO load.test", "250");
  }
  client.ask("AUTH PLAIN " + options.login, "235");
  client.ask("MAIL FROM:<" + options.from + ">", "250");
  client.ask("RCPT TO:<" + options.to + ">", "250");
  client.ask("DATA", "354");
  client.ask(
      "From: <" + options.from + ">\r\nSubject: load\r\n\r\n" + std::string(1024, 'x') + "\r\n.",
      "250");
  client.ask("QUIT", "221");
}

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
          submit(options, context);
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
