// submitter.cpp: one connection a way; a second way only where the first saw nothing of the
// message. Spec: submitter.hpp.                                      Tests:
// tests/end_to_end/send_test.py
#include "runtime/submitter.hpp"

#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "runtime/smtp_client_connection.hpp"
#include "runtime/system.hpp"

namespace pb::runtime {
namespace client = smtp::client;

namespace {
client::TlsUse tls_use(advisor::Security security) {
  switch (security) {
    case advisor::Security::implicit_tls:
      return client::TlsUse::implicit;
    case advisor::Security::starttls:
      return client::TlsUse::verified;
    case advisor::Security::none:
    case advisor::Security::cleartext:
      return client::TlsUse::never;
  }
  return client::TlsUse::verified;
}

/// RFC 8305 §4: the system's order, but the two families by turns.
std::vector<IpAddress> by_turns(std::vector<IpAddress> const& addresses) {
  std::vector<IpAddress> first, second, out;
  for (auto const& address : addresses) {
    bool const like_first = address.is_v4() == addresses.front().is_v4();
    (like_first ? first : second).push_back(address);
  }
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  if (out.size() > 8) out.resize(8);
  return out;
}

/// A 5xx to AUTH, even where the connection went on and ended otherwise.
bool login_was_refused(queue::Transcript const& said) {
  bool asked = false;
  for (auto const& line : said.lines) {
    if (line.kind == queue::TranscriptLine::Kind::sent) asked = line.text.starts_with("AUTH ");
    bool const answer = line.kind == queue::TranscriptLine::Kind::received;
    if (answer && asked && line.text.starts_with('5')) return true;
  }
  return false;
}

class Submission {
 public:
  Submission(SubmitSettings const& settings, ClientTls const& tls)
      : settings_{settings}, tls_{tls} {}

  asio::awaitable<SubmitResult> run() {
    SubmitResult result;
    for (auto const& way : settings_.ways) {
      settings_.on_way(way);
      result.attempts.push_back(co_await attempt(way));
      auto const& last = result.attempts.back();
      if (!advisor::may_try_another_way(last.transcript) || login_was_refused(last.said)) break;
    }
    co_return result;
  }

  asio::awaitable<AskedServer> ask(std::vector<std::string> const& commands) {
    AskedServer out;
    for (auto const& way : settings_.ways) {
      settings_.on_way(way);
      out.attempt = {.way = way, .transcript = {}, .said = {}};
      SmtpClientConnection connection{options_for(way), tls_, clock_, buffer_};
      bool const ready = co_await connection.prepare();
      for (std::size_t i = 0; ready && i < commands.size(); ++i) {
        auto answer = co_await connection.ask(commands[i]);
        if (!answer) break;
        out.answers.push_back(std::move(*answer));
      }
      take_end(connection, out.attempt);
      co_await connection.quit();
      if (ready || !advisor::may_try_another_way(out.attempt.transcript) ||
          login_was_refused(out.attempt.said))
        break;
    }
    co_return out;
  }

 private:
  /// How the session ended, where it did so by itself.
  static void take_end(SmtpClientConnection& connection, SubmitAttempt& out) {
    if (auto const& closed = connection.closed()) {
      out.transcript.fault = closed->fault;
      out.transcript.phase = closed->phase;
      out.transcript.reply = closed->reply;
      if (auto const& tls = connection.session().tls()) out.transcript.detail = tls->problem;
    }
    take_dialogue(connection, out);
  }
  static void take_dialogue(SmtpClientConnection& connection, SubmitAttempt& out) {
    out.said = connection.take_transcript();
    bool const noted = out.transcript.detail.empty() && !out.said.lines.empty() &&
                       out.said.lines.back().kind == queue::TranscriptLine::Kind::note;
    if (noted) out.transcript.detail = out.said.lines.back().text;
  }

  ClientConnectionOptions options_for(advisor::Way const& way) {
    ClientConnectionOptions options;
    options.hop.host = settings_.host;
    options.hop.tls = tls_use(way.security);
    options.hop.endpoint = {settings_.addresses.front(), way.port};
    for (auto const& address : settings_.addresses) {
      Endpoint const endpoint{address, way.port};
      if (endpoint != options.hop.endpoint) options.further.push_back(endpoint);
    }
    options.connect_wait = std::min<Duration>(options.connect_wait, settings_.setup_wait);
    options.setup_wait_max = settings_.setup_wait;
    options.transfer_wait_max = settings_.transfer_wait;
    auto& session = options.session;
    session.ehlo_name = settings_.ehlo_name;
    session.tls = options.hop.tls;
    session.credentials = settings_.credentials;
    session.client_nonce = hex_encode(random_.bytes(16));
    session.server_host = settings_.host;
    session.server_port = way.port;
    return options;
  }

  asio::awaitable<SubmitAttempt> attempt(advisor::Way way) {
    SmtpClientConnection connection{options_for(way), tls_, clock_, buffer_};
    SubmitAttempt out{.way = way, .transcript = {}, .said = {}};
    if (settings_.only_login) {
      co_await connection.prepare();
      take_end(connection, out);
    } else {
      ReadContent const content = [this](std::uint64_t offset, std::size_t octets_max) {
        settings_.on_progress(offset);
        return std::optional{settings_.content.substr(offset, octets_max)};
      };
      out.transcript = co_await connection.deliver(settings_.transaction, content);
      take_dialogue(connection, out);
    }
    co_await connection.quit();
    co_return out;
  }

  SubmitSettings const& settings_;
  ClientTls const& tls_;
  SystemClock const clock_;
  SystemRandom random_;
  std::array<char, 64 * 1024> buffer_{};
};

std::expected<std::vector<IpAddress>, LookUpError> ask_system(std::string const& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  int const error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error == EAI_NONAME) return std::unexpected{LookUpError::not_found};
#ifdef EAI_NODATA
  if (error == EAI_NODATA) return std::unexpected{LookUpError::not_found};
#endif
  if (error != 0) return std::unexpected{LookUpError::no_answer};
  std::vector<IpAddress> out;
  for (auto const* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[64] = {};
    bool const named = ::getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr,
                                     0, NI_NUMERICHOST) == 0;
    auto const address = named ? IpAddress::parse(text) : std::nullopt;
    if (address && std::ranges::find(out, *address) == out.end()) out.push_back(*address);
  }
  ::freeaddrinfo(list);
  if (out.empty()) return std::unexpected{LookUpError::not_found};
  return out;
}

asio::awaitable<dns::Facts> ask_resolver(Resolver& resolver, std::string name) {
  dns::Facts facts;
  co_await ask_all(resolver, {{name, dns::Type::aaaa}, {name, dns::Type::a}}, facts);
  co_return facts;
}

/// Runs a coroutine to its end on this thread.
template <class T>
T run_here(asio::awaitable<T> work) {
  asio::io_context context{1};
  auto guard = asio::make_work_guard(context);
  std::optional<T> out;
  std::exception_ptr failed;
  asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
    failed = error;
    if (!error) out.emplace(std::move(value));
    guard.reset();
    context.stop();  // attempts that lost a race may still be connecting
  });
  context.run();
  if (failed) std::rethrow_exception(failed);
  return std::move(*out);
}
}  // namespace

std::expected<SubmitResult, std::string> submit(SubmitSettings const& settings) {
  auto const tls = ClientTls::make(settings.roots_pem);
  if (!tls) return std::unexpected{tls.error()};
  Submission submission{settings, **tls};
  return run_here(submission.run());
}

std::expected<AskedServer, std::string> ask_server(SubmitSettings const& settings,
                                                   std::vector<std::string> const& commands) {
  auto const tls = ClientTls::make(settings.roots_pem);
  if (!tls) return std::unexpected{tls.error()};
  Submission submission{settings, **tls};
  return run_here(submission.ask(commands));
}

std::expected<std::vector<IpAddress>, LookUpError> look_up(std::string const& host,
                                                           Resolver* resolver) {
  if (auto const literal = IpAddress::parse(host)) return std::vector{*literal};
  if (resolver == nullptr) {
    auto const found = ask_system(host);
    if (!found) return std::unexpected{found.error()};
    return by_turns(*found);
  }
  std::vector<IpAddress> out;
  bool failed = false;
  for (auto const& [question, answer] : run_here(ask_resolver(*resolver, ascii::to_lower(host)))) {
    failed = failed || std::holds_alternative<dns::Failed>(answer);
    auto const* found = std::get_if<dns::Found>(&answer);
    if (found == nullptr) continue;
    for (auto const& record : found->records) {
      if (auto const* address = std::get_if<IpAddress>(&record)) out.push_back(*address);
    }
  }
  std::ranges::stable_partition(out, [](IpAddress const& one) { return !one.is_v4(); });
  if (!out.empty()) return by_turns(out);
  return std::unexpected{failed ? LookUpError::no_answer : LookUpError::not_found};
}

std::string own_ehlo_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "[127.0.0.1]";
  std::string_view const text{name};
  bool const good = text.contains('.') && std::ranges::all_of(text, [](char c) {
                      return ascii::is_alnum(c) || c == '-' || c == '.';
                    });
  return good ? std::string{text} : "[127.0.0.1]";
}
}  // namespace pb::runtime
