// relay_source.cpp: messages into a relay over N sessions, as smtp-source(1) sends them, and also
// with STARTTLS and with the time from the final dot to its 250.  Driver: bench/relay.py.
// Usage: bench_relay_source PORT COUNT SESSIONS OCTETS RECIPIENTS SITES (reuse or connect) (clear
// or starttls). Prints seconds; shortest, median and 99th percentile of dot to 250 in ms.
// Not `packetboat bench source`: that one pipelines and verifies, as a careful client does.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench_client.hpp"

namespace {
using pb::bench::Client;
using Clock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  int count = 0;
  int sessions = 0;
  std::size_t octets = 0;
  int recipients = 1;
  int sites = 1;
  bool reuse = false;
  bool tls = false;
};

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// All of a message behind its Message-ID, which tells them apart.
std::string body_of(std::size_t octets) {
  std::string const line = std::string(70, 'x') + "\r\n";
  std::string out = "From: <a@s.test>\r\nSubject: load\r\n\r\n";
  while (out.size() < octets) out += line;
  return out + ".\r\n";
}

/// One thread's connection: a message at a time, in the order of RFC 5321 without pipelining.
class Sender {
 public:
  Sender(Options const& options, SSL_CTX* context, std::string const& letter)
      : options_{options}, context_{context}, letter_{letter} {}

  void send(int number) {
    if (!client_) open();
    client_->ask("MAIL FROM:<a@s.test>", "250");
    for (int i = 0; i < options_.recipients; ++i) {
      int const site = (number * options_.recipients + i) % options_.sites;
      client_->ask(fmt::format("RCPT TO:<b@site-{}.test>", site), "250");
    }
    client_->ask("DATA", "354");
    // Twice: the write-ahead log may cut one of them in two where its block ends.
    client_->send(fmt::format(
        "Message-ID: <load-{0}@s.test>\r\nReferences: <load-{0}@s.test>\r\n{1}", number, letter_));
    auto const dot = Clock::now();
    client_->expect("250");
    waits.push_back(milliseconds_since(dot));
    if (!options_.reuse) close();
  }
  void close() {
    if (client_) client_->ask("QUIT", "221");
    client_.reset();
  }
  std::vector<double> waits;

 private:
  void open() {
    client_.emplace(options_.port);
    client_->expect("220");
    client_->ask("EHLO load.test", "250");
    if (!options_.tls) return;
    client_->ask("STARTTLS", "220");
    client_->start_tls(context_);
    client_->ask("EHLO load.test", "250");
  }

  Options const& options_;
  SSL_CTX* context_;
  std::string const& letter_;
  std::optional<Client> client_;
};

int run(Options const& options) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  std::string const letter = body_of(options.octets);
  std::vector<std::unique_ptr<Sender>> senders;
  for (int i = 0; i < options.sessions; ++i) {
    senders.push_back(std::make_unique<Sender>(options, context, letter));
  }
  std::atomic<int> next = 0;
  std::atomic<bool> failed = false;
  auto const begin = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (auto& sender : senders) {
      threads.emplace_back([&options, &next, &failed, sender = sender.get()] {
        try {
          for (int number = next++; number < options.count; number = next++) sender->send(number);
          sender->close();
        } catch (std::exception const& error) {
          failed = true;
          fmt::print(stderr, "relay_source: {}\n", error.what());
        }
      });
    }
  }
  double const seconds = milliseconds_since(begin) / 1000;
  std::vector<double> all;
  for (auto const& one : senders) all.insert(all.end(), one->waits.begin(), one->waits.end());
  SSL_CTX_free(context);
  if (failed || all.empty()) return 1;
  std::ranges::sort(all);
  fmt::print("{:.3f} {:.2f} {:.2f} {:.2f}\n", seconds, all[0], all[all.size() / 2],
             all[all.size() * 99 / 100]);
  return 0;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) {
    fmt::print(
        stderr,
        "usage: {} PORT COUNT SESSIONS OCTETS RECIPIENTS SITES reuse|connect clear|starttls\n",
        argv[0]);
    return 64;
  }
  std::vector<std::string> const a(argv, argv + argc);
  return run({.port = static_cast<std::uint16_t>(std::stoi(a[1])),
              .count = std::stoi(a[2]),
              .sessions = std::stoi(a[3]),
              .octets = std::stoul(a[4]),
              .recipients = std::stoi(a[5]),
              .sites = std::stoi(a[6]),
              .reuse = a[7] == "reuse",
              .tls = a[8] == "starttls"});
}
