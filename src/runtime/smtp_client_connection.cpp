// smtp_client_connection.cpp: executes a client session's Steps; knows no SMTP.
// Spec: smtp/client/step.hpp.                         Tests: delivery_agent_test.cpp
#include "runtime/smtp_client_connection.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "runtime/peer_trust.hpp"

namespace pb::runtime {
namespace client = smtp::client;

namespace {
bool must_trust(client::Settings const& settings) {
  return settings.credentials || settings.tls == client::TlsUse::verified ||
         settings.tls == client::TlsUse::implicit;
}

std::string tls_text(client::TlsAnswer const& answer, bool resumed) {
  return answer.version + ' ' + answer.cipher + (resumed ? " resumed" : "") +
         (answer.trusted ? " verified" : " unverified");
}
}  // namespace

SmtpClientConnection::SmtpClientConnection(ClientConnectionOptions options, ClientTls const& tls,
                                           Clock const& clock, std::span<char> shared_buffer)
    : options_{std::move(options)},
      tls_{tls},
      clock_{clock},
      shared_buffer_{shared_buffer},
      session_{options_.session},
      began_{clock.now()} {
  said_.began = began_;
  said_.host = options_.hop.host;
  bool const unix_socket = !options_.hop.unix_path.empty();
  said_.remote = unix_socket ? options_.hop.unix_path : options_.hop.endpoint.text();
}

SmtpClientConnection::~SmtpClientConnection() = default;

bool SmtpClientConnection::usable() const { return connection_ && !ended_ && session_.usable(); }

asio::awaitable<bool> SmtpClientConnection::connect() {
  std::vector<DialTarget> targets{{options_.hop.endpoint, options_.hop.unix_path, options_.source}};
  for (Endpoint const& endpoint : options_.further)
    targets.push_back({endpoint, {}, options_.source});
  auto dialed =
      co_await dial_first(std::move(targets), std::min(options_.connect_wait, options_.wait_max));
  if (!dialed) {
    bool const timed_out = dialed.error() == DialError::timeout;
    said_.lines.push_back({queue::TranscriptLine::Kind::note, clock_.now() - said_.began,
                           std::string{name_of(dialed.error())}});
    session_.on_connect_failed(timed_out ? client::Fault::timeout : client::Fault::connect_failed,
                               std::string{name_of(dialed.error())});
    co_return false;
  }
  if (dialed->index > 0) {
    options_.hop.endpoint = options_.further[dialed->index - 1];
    said_.remote = options_.hop.endpoint.text();
  }
  auto* const socket = &dialed->socket;
  boost::system::error_code error;
  auto const local = socket->local_endpoint(error);
  if (!error && options_.hop.unix_path.empty())
    said_.local = local.address().to_string() + ':' + std::to_string(local.port());
  connection_ = std::make_unique<Connection>(std::move(*socket), shared_buffer_);
  co_return true;
}

/// At least a moment: a wait of nothing would be no wait at all.
Duration SmtpClientConnection::capped(Duration wait) const {
  wait = std::min(wait, options_.wait_max);
  if (session_.is_ready()) return std::min(wait, options_.transfer_wait_max.value_or(wait));
  if (!options_.setup_wait_max) return wait;
  Duration const left = *options_.setup_wait_max - (clock_.now() - began_);
  return std::min(wait, std::max<Duration>(left, std::chrono::milliseconds{1}));
}

asio::awaitable<client::Transcript> SmtpClientConnection::deliver(client::Transaction transaction,
                                                                  ReadContent content) {
  session_.begin(std::move(transaction));
  if (!connection_) co_await connect();
  for (;;) {
    std::optional<client::Step> step = co_await drive(content);
    PB_CHECK(step);  // a transaction is open: it ends with Done
    auto* const done = std::get_if<client::Done>(&*step);
    if (!done) continue;
    client::Transcript transcript = std::move(done->transcript);
    if (transcript.fault != client::Fault::none && !session_.usable()) co_await drive(content);
    co_return transcript;
  }
}

asio::awaitable<bool> SmtpClientConnection::prepare() {
  if (!connection_) co_await connect();
  co_await drive({});
  co_return usable() && session_.is_ready();
}

asio::awaitable<std::optional<client::RemoteReply>> SmtpClientConnection::ask(std::string command) {
  if (!usable() || !session_.is_ready()) co_return std::nullopt;
  session_.ask(std::move(command));
  co_await drive({});
  co_return session_.answer();
}

asio::awaitable<std::optional<client::Step>> SmtpClientConnection::drive(
    ReadContent const& content) {
  while (!ended_) {
    std::string const taken = std::exchange(input_, {});
    std::string_view left = taken;
    client::Step step = session_.next(left);
    input_.assign(left);
    note_dialogue();
    if (auto* need = std::get_if<client::NeedBody>(&step)) {
      auto const bytes = content ? content(need->offset, need->octets_max) : std::nullopt;
      if (bytes && !bytes->empty())
        session_.on_body(*bytes);
      else
        session_.on_body_failed();
    } else if (auto* bytes = std::get_if<client::Send>(&step)) {
      co_await send(std::move(*bytes));
    } else if (auto const* more = std::get_if<client::ReadMore>(&step)) {
      co_await read(capped(more->wait));
    } else if (std::holds_alternative<client::StartTls>(step)) {
      co_await handshake();
    } else {
      if (auto* const closed = std::get_if<client::Closed>(&step)) {
        closed_ = *closed;
        ended_ = true;
        if (connection_) connection_->close();
      }
      co_return step;
    }
  }
  co_return std::nullopt;
}

asio::awaitable<void> SmtpClientConnection::send(client::Send send) {
  if (!connection_) co_return;
  connection_->deadline(capped(send.wait));
  auto const written = co_await connection_->write(send.bytes);
  if (written) co_return;
  if (written.error() == IoError::timeout) co_return session_.on_timeout();
  // A refusal may lie there: whoever says 421 and closes breaks our write.
  auto const last_words = connection_->read_now();
  if (last_words && !last_words->empty()) {
    input_.append(*last_words);
    std::string_view left = input_;
    client::Step const step = session_.next(left);
    (void)step;
  }
  session_.on_end_of_input();
}

asio::awaitable<void> SmtpClientConnection::read(Duration wait) {
  connection_->deadline(wait);
  auto const bytes = co_await connection_->read_more();
  if (bytes) {
    input_.append(*bytes);
    co_return;
  }
  switch (bytes.error()) {
    case IoError::timeout:
      co_return session_.on_timeout();
    case IoError::interrupted:
      co_return session_.quit();
    case IoError::closed:
    case IoError::reset:
    case IoError::tls:
      co_return session_.on_end_of_input();
  }
}

asio::awaitable<void> SmtpClientConnection::handshake() {
  ClientTlsOptions options;
  bool const is_name = !IpAddress::parse(options_.hop.host);
  if (is_name) options.server_name = options_.hop.host;
  options.match_names = {options_.hop.host};
  // Whether to go on with a peer that does not verify is the session's to say, not OpenSSL's.
  options.require_trusted = false;
  std::string const key = session_key();
  SslSession const earlier = key.empty() ? nullptr : options_.sessions->take(key, clock_.now());
  options.resume = earlier.get();
  if (!key.empty())
    options.on_session = [sessions = options_.sessions, key, &clock = clock_](SslSession session) {
      sessions->put(key, std::move(session), clock.now());
    };
  connection_->deadline(capped(options_.tls_handshake_wait));
  auto const done = co_await connection_->start_tls(
      TlsStream::client(tls_, connection_->descriptor(), std::move(options)));
  if (done) {
    client::TlsAnswer answer = tls_answer();
    co_return session_.on_tls(std::move(answer));
  }
  if (done.error() == IoError::timeout) co_return session_.on_timeout();
  client::TlsAnswer answer;
  answer.problem = connection_->tls_error();
  if (answer.problem.empty()) answer.problem = name_of(done.error());
  said_.lines.push_back(
      {queue::TranscriptLine::Kind::note, clock_.now() - said_.began, "TLS: " + answer.problem});
  session_.on_tls(std::move(answer));
}

/// Who it is and what its certificate was judged by: a session made under one demand is never an
/// answer to another. Empty: a full handshake is wanted, because a pinned certificate must be seen.
std::string SmtpClientConnection::session_key() const {
  delivery::Hop const& hop = options_.hop;
  bool const pinned = hop.trust.rule == delivery::Trust::Rule::fingerprint;
  if (options_.sessions == nullptr || pinned) return {};
  bool const trusts_anyone = hop.trust.rule == delivery::Trust::Rule::none;
  return hop.host + ' ' + hop.endpoint.text() + (must_trust(options_.session) ? " must" : " may") +
         (trusts_anyone ? " any" : " roots");
}

client::TlsAnswer SmtpClientConnection::tls_answer() {
  TlsStream const& stream = *connection_->tls();
  smtp::server::TlsFacts const facts = stream.facts();
  TlsPeer const peer = stream.peer();
  client::TlsAnswer answer;
  answer.established = true;
  answer.version = facts.version;
  answer.cipher = facts.cipher;
  answer.channel_binding = facts.channel_binding;
  answer.trusted = is_trusted(options_.hop.trust, peer);
  said_.tls = tls_text(answer, peer.resumed);
  if (!answer.trusted && must_trust(options_.session))
    answer.problem =
        peer.why_not.empty() ? "the certificate is not the expected one" : peer.why_not;
  return answer;
}

void SmtpClientConnection::note_dialogue() {
  using Kind = queue::TranscriptLine::Kind;
  Duration const at = clock_.now() - said_.began;
  for (client::DialogueLine& line : session_.take_dialogue()) {
    if (said_.lines.size() >= client::dialogue_lines_max) return;
    said_.lines.push_back({line.sent ? Kind::sent : Kind::received, at, std::move(line.text)});
  }
}

asio::awaitable<bool> SmtpClientConnection::stay_idle(Duration keep) {
  if (!usable()) co_return false;
  connection_->deadline(keep);
  auto const bytes = co_await connection_->read_more();
  if (!bytes) {
    if (bytes.error() == IoError::interrupted) co_return usable() && !cancelled_;
    if (bytes.error() != IoError::timeout) session_.on_end_of_input();
    co_return false;
  }
  input_.append(*bytes);  // nobody asked: a 421
  co_await drive({});
  co_return usable();
}

void SmtpClientConnection::interrupt() {
  if (connection_) connection_->interrupt();
}

void SmtpClientConnection::cancel() {
  cancelled_ = true;
  interrupt();
}

asio::awaitable<void> SmtpClientConnection::quit() {
  if (ended_ || !connection_) co_return;
  session_.quit();
  co_await drive({});
  ended_ = true;
  connection_->close();
}

queue::Transcript SmtpClientConnection::take_transcript() {
  queue::Transcript fresh;
  fresh.began = clock_.now();
  fresh.host = said_.host;
  fresh.remote = said_.remote;
  fresh.local = said_.local;
  fresh.tls = said_.tls;
  return std::exchange(said_, std::move(fresh));
}
}  // namespace pb::runtime
