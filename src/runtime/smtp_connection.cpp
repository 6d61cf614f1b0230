// smtp_connection.cpp: opens a session's connection (PROXY, TLS or greeting), then feeds its loop.
// Spec: policy/security_choice.hpp (what happens before the greeting); PROXY protocol 1 and 2.
// Not here: SMTP.
#include "runtime/smtp_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "smtp/client_hello.hpp"
#include "smtp/proxy_protocol.hpp"
#include "smtp/reply.hpp"

namespace pb::runtime {
using namespace smtp::server;
using policy::FirstBytes;
using policy::Move;

namespace {
std::string_view name_of(Role role) {
  switch (role) {
    case Role::relay:
      return "relay";
    case Role::submission:
      return "submission";
    case Role::submissions:
      return "submissions";
    case Role::submission_alt:
      return "submission-alt";
  }
  return "";
}

std::string_view name_of(HangupReason reason) {
  switch (reason) {
    case HangupReason::quit:
      return "quit";
    case HangupReason::end_of_input:
      return "peer-closed";
    case HangupReason::timeout:
      return "timeout";
    case HangupReason::refused:
      return "refused";
    case HangupReason::too_many_errors:
      return "too-many-errors";
    case HangupReason::early_talker:
      return "early-talker";
    case HangupReason::not_smtp:
      return "not-smtp";
    case HangupReason::injected_plaintext:
      return "injected-plaintext";
    case HangupReason::bare_line_end:
      return "bare-line-end";
    case HangupReason::tls_failed:
      return "tls-failed";
    case HangupReason::shutting_down:
      return "shutting-down";
  }
  return "";
}

/// A service that throws ends its session, not the server.
void log_failure(Log& log, std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& exception) {
    log.error("session-failed", {{"why", exception.what()}});
  }
}

Socket adopt(AcceptedSocket const& accepted, Core& core) {
  using asio::ip::tcp;
  Socket socket{core.context()};
  boost::system::error_code error;
  auto family =
      accepted.peer.address.is_v4() && accepted.local.address.is_v4() ? tcp::v4() : tcp::v6();
  socket.assign(family, accepted.descriptor, error);
  if (error) ::close(accepted.descriptor);
  return socket;
}
}  // namespace

SmtpConnection::SmtpConnection(AcceptedSocket accepted, Core& core, ServerShared& shared,
                               Socket socket)
    : accepted_{std::move(accepted)},
      core_{core},
      shared_{shared},
      connection_{std::move(socket), core.read_buffer()},
      id_{shared.session_ids.fetch_add(1) + 1},
      accepted_at_{std::chrono::steady_clock::now()} {
  peer_.peer = accepted_.peer;
  peer_.local = accepted_.local;
  peer_.socket_peer = accepted_.peer;
  core_.sessions().insert(this);
}

SmtpConnection::~SmtpConnection() {
  close();
  core_.sessions().erase(this);
  if (accepted_.counted) {
    shared_.counts.leave(*accepted_.counted);
    --core_.counted_sessions;
  }
  --core_.open_sessions;
  ++shared_.work;
  if (--shared_.open_sessions > 0) return;
  std::scoped_lock lock{shared_.idle_mutex};
  shared_.idle.notify_all();
}

void SmtpConnection::spawn(AcceptedSocket accepted, Core& core, ServerShared& shared) {
  Socket socket = adopt(accepted, core);
  auto self =
      std::make_unique<SmtpConnection>(std::move(accepted), core, shared, std::move(socket));
  asio::co_spawn(core.context(), serve(std::move(self)), [&shared](std::exception_ptr error) {
    if (error) log_failure(shared.log, error);
  });
}

asio::awaitable<void> SmtpConnection::serve(std::unique_ptr<SmtpConnection> self) {
  bool opened = co_await self->open();
  if (opened) {
    self->start_session();
    HangupReason reason = co_await self->loop_->run(self->early_input());
    self->log_end(reason);
  }
  self->close();
}

asio::awaitable<bool> SmtpConnection::open() {
  if (listener().proxy_protocol) {
    bool taken = co_await take_proxy_header();
    if (!taken) co_return false;
  }
  peer_ = services().judge->classify(peer_);
  if (!admit(peer_)) {
    refuse(smtp::reply::too_many_sessions);
    co_return false;
  }
  co_return co_await choose_security();
}

/// Reads the header to its last byte and nothing behind it: TLS may begin there.
asio::awaitable<bool> SmtpConnection::take_proxy_header() {
  connection_.deadline(limits().proxy_header_wait);
  std::size_t needed = 1;
  for (;;) {
    auto seen = co_await connection_.peek(needed);
    if (!seen || seen->size() < needed) {
      log_line(LogLevel::warning, "refused", "no PROXY header came");
      co_return false;
    }
    smtp::ProxyResult parsed = smtp::parse_proxy_header(*seen);
    if (auto const* more = std::get_if<smtp::ProxyNeedMore>(&parsed)) {
      needed = seen->size() + more->octets_min;
      continue;
    }
    auto const* header = std::get_if<smtp::ProxyHeader>(&parsed);
    // LOCAL and UNKNOWN name nobody, and nobody is never trusted: a health check gets no session.
    if (header == nullptr || !header->source) {
      log_line(LogLevel::warning, "refused", header ? "PROXY names no client" : "bad PROXY header");
      co_return false;
    }
    connection_.discard(header->octets);
    peer_.peer = *header->source;
    if (header->destination) peer_.local = *header->destination;
    co_return true;
  }
}

asio::awaitable<std::expected<FirstBytes, IoError>> SmtpConnection::first_bytes(Duration wait) {
  connection_.deadline(wait);
  for (std::size_t needed = 1;;) {
    // Not to wait at all is no wait of zero: what lies there already decides.
    auto seen = wait > Duration{0} ? co_await connection_.peek(needed) : connection_.peek_now();
    if (!seen && seen.error() != IoError::timeout) co_return std::unexpected{seen.error()};
    if (!seen) seen = connection_.peek_now();
    if (!seen || seen->empty()) co_return FirstBytes::none;
    smtp::Guess guess = smtp::looks_like_client_hello(*seen);
    if (guess == smtp::Guess::yes) co_return FirstBytes::client_hello;
    bool more_may_come = wait > Duration{0} && seen->size() >= needed;
    if (guess == smtp::Guess::no || !more_may_come) co_return FirstBytes::other;
    needed = seen->size() + 1;
  }
}

/// A client that failed because we greeted before its ClientHello tries again at once, maybe on
/// another core before the first connection has come to read: so what lies there counts.
policy::Opening SmtpConnection::opening() {
  policy::ClientHabits habits;
  if (listener().role != Role::relay) {
    std::scoped_lock lock{shared_.memory_mutex};
    IpAddress const& address = peer_.peer.address;
    auto late = shared_.greeted.unread_hello(address, std::chrono::steady_clock::now());
    if (late) shared_.memory.note_late_hello(address, *late, shared_.clock.now());
    habits = shared_.memory.recall(address, shared_.clock.now());
  }
  return policy::opening_for(kind(), habits, limits().opening);
}

/// Waits as long as the address needs, and looks up again what is known when the wait is over.
asio::awaitable<std::expected<FirstBytes, IoError>> SmtpConnection::first_bytes() {
  policy::Opening known = opening();
  if (!known.look) co_return FirstBytes::none;
  auto seen = co_await first_bytes(known.wait);
  if (!seen || *seen != FirstBytes::none) co_return seen;
  policy::Opening now_known = opening();
  if (now_known.wait > known.wait) seen = co_await first_bytes(now_known.wait - known.wait);
  co_return seen;
}

asio::awaitable<bool> SmtpConnection::choose_security() {
  auto seen = co_await first_bytes();
  if (!seen) co_return false;
  FirstBytes first = *seen;
  Move move = policy::move_for(kind(), first);
  log_setting(policy::advice_for(kind(), move));
  switch (move) {
    case Move::greet:
      if (listener().role != Role::relay) {
        std::scoped_lock lock{shared_.memory_mutex};
        shared_.greeted.add(peer_.peer.address, connection_.descriptor(), accepted_at_);
        watched_ = true;
      }
      co_return true;
    case Move::greet_anyway:
      co_return true;
    case Move::refuse_clear:
      refuse(smtp::reply::tls_expected);
      co_return false;
    case Move::handshake:
      break;
  }
  if (listener().role != Role::submissions) {
    std::scoped_lock lock{shared_.memory_mutex};
    shared_.memory.note_hello_in_time(peer_.peer.address, since_accept(), shared_.clock.now());
  }
  auto tls = co_await handshake();
  if (!tls) co_return false;
  implicit_tls_ = std::move(*tls);
  implicit_tls_.implicit = true;
  co_return true;
}

asio::awaitable<std::expected<TlsFacts, IoError>> SmtpConnection::handshake() {
  connection_.deadline(limits().tls_handshake_wait);
  std::shared_ptr<ServerTls const> tls = accepted_.generation->tls[accepted_.listener];
  if (!tls) co_return std::unexpected{IoError::tls};
  auto done =
      co_await connection_.start_tls(TlsStream::server(std::move(tls), connection_.descriptor()));
  if (!done) {
    bool said = !connection_.tls_error().empty();
    log_line(LogLevel::info, "tls-failed",
             said ? std::string_view{connection_.tls_error()} : runtime::name_of(done.error()));
    co_return std::unexpected{done.error()};
  }
  co_return connection_.tls()->facts();
}

void SmtpConnection::start_session() {
  SessionFacts facts;
  facts.session = id_;
  facts.role = listener().role;
  facts.listener = label();
  facts.sandbox = listener().sandbox;
  facts.peer = peer_;
  facts.tls = std::move(implicit_tls_);
  Session session{listener().session, std::move(facts), shared_.clock, core_.random()};
  loop_.emplace(std::move(session), static_cast<Effects&>(*this));
}

/// What the peer sent before our greeting, in the clear: the session decides what that means.
std::string SmtpConnection::early_input() {
  if (connection_.tls() != nullptr) return {};
  auto early = read_first({});
  return early ? std::string{*early} : std::string{};
}

/// Whoever looks for unread input finds these bytes in the socket or what they were in the memory.
std::expected<std::string_view, IoError> SmtpConnection::read_first(std::string_view prefix) {
  if (!watched_) return connection_.read_now(prefix);
  std::scoped_lock lock{shared_.memory_mutex};
  auto got = connection_.read_now(prefix);
  if (got && got->size() > prefix.size()) note_first_input(got->substr(prefix.size()));
  return got;
}

/// Learns from the first bytes behind our greeting whether it came too early. memory_mutex is held.
void SmtpConnection::note_first_input(std::string_view bytes) {
  IpAddress const& address = peer_.peer.address;
  shared_.greeted.remove(address, connection_.descriptor());
  watched_ = false;
  bool hello = smtp::looks_like_client_hello(bytes) != smtp::Guess::no;
  if (hello) log_setting(policy::advice_for(kind(), Move::handshake));
  if (listener().security == Security::strict) return;
  if (hello) {
    shared_.memory.note_late_hello(address, since_accept(), shared_.clock.now());
  } else {
    shared_.memory.note_waited(address, shared_.clock.now());
  }
}

void SmtpConnection::close() {
  if (std::exchange(watched_, false)) {
    std::scoped_lock lock{shared_.memory_mutex};
    shared_.greeted.remove(peer_.peer.address, connection_.descriptor());
  }
  connection_.close();
}

void SmtpConnection::refuse(smtp::Reply const& reply) {
  log_line(LogLevel::info, "refused", reply.text);
  // On a port that begins with TLS only a client in the clear could read this.
  bool readable = listener().role != Role::submissions || reply.code >= 500;
  if (readable) std::ignore = connection_.try_write(reply.wire());
}

bool SmtpConnection::admit(PeerFacts const& peer) {
  std::optional<Network> network;
  bool exempt = peer.trusted || peer.peer.address.is_loopback();
  if (!exempt) network = limit_network(peer.peer.address);
  if (network == accepted_.counted) return true;
  if (network && !shared_.counts.enter(*network, limits().sessions_per_network)) return false;
  if (accepted_.counted) shared_.counts.leave(*accepted_.counted);
  core_.counted_sessions += (network ? 1U : 0U) - (accepted_.counted ? 1U : 0U);
  accepted_.counted = network;
  return true;
}

void SmtpConnection::log_setting(policy::SettingAdvice advice) {
  if (advice.should.empty()) return;
  LogField const fields[] = {{"session", id_.text()},
                             {"listener", label()},
                             {"peer", peer_.peer.address.text()},
                             {"client-has", std::string{advice.has}},
                             {"should-have", std::string{advice.should}}};
  shared_.log.write(LogLevel::info, "client-setting", fields);
}

void SmtpConnection::log_line(LogLevel level, std::string_view event, std::string_view why) {
  LogField const fields[] = {{"session", id_.text()},
                             {"listener", label()},
                             {"peer", peer_.peer.text()},
                             {"why", std::string{why}}};
  shared_.log.write(level, event, fields);
}

void SmtpConnection::log_end(HangupReason reason) {
  SessionFacts const& facts = loop_->facts();
  LogField const fields[] = {{"session", id_.text()},
                             {"listener", label()},
                             {"role", std::string{name_of(facts.role)}},
                             {"peer", facts.peer.peer.text()},
                             {"tls", facts.tls.active ? facts.tls.version : "no"},
                             {"account", facts.account},
                             {"messages", std::to_string(loop_->messages())},
                             {"end", std::string{name_of(reason)}}};
  shared_.log.write(LogLevel::info, "session", fields);
}

// Effects.

asio::awaitable<std::expected<void, IoError>> SmtpConnection::wait_readable(Duration wait) {
  if (wait != same_deadline) connection_.deadline(wait);
  return connection_.wait_readable();
}

std::expected<std::string_view, IoError> SmtpConnection::read_now(std::string_view prefix) {
  return read_first(prefix);
}

std::expected<std::size_t, IoError> SmtpConnection::try_write(std::string_view bytes) {
  return connection_.try_write(bytes);
}

asio::awaitable<std::expected<void, IoError>> SmtpConnection::write(std::string bytes) {
  connection_.deadline(limits().write_wait);
  co_return co_await connection_.write(bytes);
}

asio::awaitable<std::expected<TlsFacts, IoError>> SmtpConnection::start_tls() {
  return handshake();
}

asio::awaitable<std::expected<void, IoError>> SmtpConnection::delay(Duration time) {
  return connection_.pause(time);
}

void SmtpConnection::interrupt() { connection_.interrupt(); }

void SmtpConnection::message_done() { ++shared_.work; }

bool SmtpConnection::memory_is_short() { return shared_.memory_gauge.is_short(); }

// Drainable.

void SmtpConnection::finish_soon() {
  if (loop_) return loop_->finish_soon();
  connection_.interrupt();  // still opening
}

void SmtpConnection::finish_now() {
  if (loop_) return loop_->finish_now();
  connection_.interrupt();
}

void SmtpConnection::cut() {
  connection_.interrupt();
  close();
}

ListenerSettings const& SmtpConnection::listener() const {
  return accepted_.generation->settings->listeners[accepted_.listener];
}

std::string SmtpConnection::label() const {
  return listener().label.empty() ? listener().address.text() : listener().label;
}

LimitSettings const& SmtpConnection::limits() const {
  return accepted_.generation->settings->limits;
}

policy::ListenerKind SmtpConnection::kind() const {
  return {listener().role, listener().security,
          accepted_.generation->tls[accepted_.listener] != nullptr};
}

Duration SmtpConnection::since_accept() const {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - accepted_at_);
}
}  // namespace pb::runtime
