// idle_sessions.cpp: how much memory does a session hold that does nothing?
// Each after EHLO, and each after a login, a message of 4 KiB, one of 200 KiB and 5 s of rest; in
// the clear and under TLS. Prints PSS a session and fails over 6 KiB (clear) or 24 KiB (TLS).
// Usage: bench_idle_sessions [SESSIONS]        Not here: CPU (tls_handshakes, submission_load).
#include <fmt/format.h>
#include <poll.h>

#include <charconv>
#include <vector>

#include "base/encoding.hpp"
#include "bench_client.hpp"
#include "bench_server.hpp"

namespace {
using namespace pb::bench;

constexpr double clear_kib_max = 6;
constexpr double tls_kib_max = 24;
constexpr int rest_milliseconds = 5000;

void rest() { ::poll(nullptr, 0, rest_milliseconds); }

void send_message(Client& client, std::size_t octets) {
  static std::string const line = std::string(76, 'x') + "\r\n";
  std::string message = "From: <a@bench.test>\r\nSubject: bench\r\n\r\n";
  while (message.size() < octets) message += line;
  client.ask("MAIL FROM:<a@bench.test>", "250");
  client.ask("RCPT TO:<b@bench.test>", "250");
  client.ask("DATA", "354");
  client.send(message);
  client.ask(".", "250");
}

struct Row {
  bool tls = false;
  bool worked = false;  // logged in and sent its messages
};

/// KiB of PSS that each of `count` sessions adds to a fresh server.
double measure(Row row, std::size_t count, SSL_CTX* context) {
  BenchServer server{bench_certificate()};
  auto open = [&] {
    Client client{row.tls ? server.ports().submissions : server.ports().relay};
    if (row.tls) client.start_tls(context);
    client.expect("220");
    client.ask("EHLO client.test", "250");
    return client;
  };
  auto work = [](Client& client) {
    std::string const token = pb::base64_encode(std::string_view{"\0user\0secret", 12});
    client.ask("AUTH PLAIN " + token, "235");
    send_message(client, 4 * 1024);
    send_message(client, 200 * 1024);
  };
  {
    // What the server sets up once for everybody is no session's.
    Client first = open();
    if (row.worked) work(first);
  }
  rest();
  double before = pss_kib(server.pid());
  std::vector<Client> clients;
  clients.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(open());
    if (row.worked) work(clients.back());
  }
  rest();
  return (pss_kib(server.pid()) - before) / static_cast<double>(count);
}
}  // namespace

int main(int argument_count, char** arguments) {
  std::size_t count = 10'000;
  if (argument_count > 1) {
    std::string_view text = arguments[1];
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  pb::runtime::raise_descriptor_limit();
  ::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  bool good = true;
  fmt::print("PSS an idle session, {} sessions\n", count);
  for (Row row : {Row{false, false}, Row{true, false}, Row{false, true}, Row{true, true}}) {
    double kib = measure(row, count, context);
    double allowed = row.tls ? tls_kib_max : clear_kib_max;
    fmt::print("  {:<5}  {:<48} {:6.2f} KiB  (at most {:.0f})\n", row.tls ? "TLS" : "clear",
               row.worked ? "login, 4 KiB and 200 KiB sent, 5 s of rest" : "after EHLO", kib,
               allowed);
    good = good && kib <= allowed;
  }
  SSL_CTX_free(context);
  return good ? 0 : 1;
}
