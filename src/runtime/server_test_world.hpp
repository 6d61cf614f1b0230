// server_test_world.hpp: fake services and a blocking client for tests of the listening server.
// Spec: none.                                     Not here: anything that the program links.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/listener.hpp"
#include "runtime/server.hpp"
#include "runtime/test_support.hpp"

namespace pb::runtime::testing {
/// Accepts everything, knows one trusted network, and keeps what it was asked about.
class FakeJudge final : public Judge {
 public:
  smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const override {
    peer.trusted = trusted && trusted->contains(peer.peer.address);
    return peer;
  }
  asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage stage,
                                               smtp::server::SessionFacts const& facts) override {
    std::scoped_lock lock{mutex};
    if (stage == smtp::server::Stage::ehlo) seen.push_back(facts);
    co_return smtp::server::Verdict{};
  }
  std::optional<Network> trusted;
  std::mutex mutex;
  std::vector<smtp::server::SessionFacts> seen;  // at each EHLO
};

class FakeAuthenticator final : public Authenticator {
 public:
  asio::awaitable<sasl::Answer> answer(sasl::Question question,
                                       smtp::server::SessionFacts const&) override {
    auto const* check = std::get_if<sasl::PasswordCheck>(&question);
    if (check == nullptr || check->password != "right") co_return sasl::Denied{};
    co_return sasl::Granted{check->user};
  }
  Duration failure_delay(smtp::server::SessionFacts const&) override { return Duration{1}; }
};

class FakeIntake final : public Intake {
 public:
  struct Sink final : BodySink {
    std::optional<smtp::server::SinkAnswer> append(std::string_view bytes) override {
      body += bytes;
      return smtp::server::SinkAnswer::ok;
    }
    asio::awaitable<smtp::server::SinkAnswer> settle() override {
      co_return smtp::server::SinkAnswer::ok;
    }
    std::string body;
  };
  QueueId make_id() override { return QueueId{++ids}; }
  std::unique_ptr<BodySink> open_body(QueueId) override { return std::make_unique<Sink>(); }
  asio::awaitable<smtp::server::CommitAnswer> commit(AcceptedMessage message) override {
    std::scoped_lock lock{mutex};
    bodies.push_back(static_cast<Sink&>(*message.body).body);
    facts.push_back(message.facts);
    co_return smtp::server::CommitAnswer{smtp::server::CommitResult::durable, message.id};
  }
  std::atomic<std::uint64_t> ids{0};
  std::mutex mutex;
  std::vector<std::string> bodies;
  std::vector<smtp::server::SessionFacts> facts;
};

/// Keeps lines as "event key=value ..." and lets a test wait for one.
class MemoryLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::span<LogField const> fields) override {
    std::string line{event};
    for (LogField const& field : fields) {
      line += ' ';
      line += field.key;
      line += '=';
      line += field.value;
    }
    std::scoped_lock lock{mutex_};
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  /// The first line with all these pieces; empty when none came within 5 s.
  std::string wait_for(std::vector<std::string> pieces) {
    std::unique_lock lock{mutex_};
    std::string found;
    changed_.wait_for(lock, std::chrono::seconds{5}, [&] {
      auto has_all = [&](std::string const& line) {
        return std::ranges::all_of(pieces, [&](auto const& p) { return line.contains(p); });
      };
      auto line = std::ranges::find_if(lines_, has_all);
      if (line != lines_.end()) found = *line;
      return line != lines_.end();
    });
    return found;
  }
  bool contains(std::string const& piece) {
    std::scoped_lock lock{mutex_};
    return std::ranges::any_of(lines_, [&](auto const& line) { return line.contains(piece); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// A mail program, blocking, with 5 s of patience for each read.
class Client {
 public:
  explicit Client(Endpoint const& server) : socket_{context_} {
    socket_.connect(kernel_endpoint(server));
    timeval patience{5, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Client() {
    if (ssl_) SSL_free(ssl_);
  }
  Client(Client const&) = delete;
  Client& operator=(Client const&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      long octets = ssl_
                        ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                        : ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (octets <= 0) return;  // the server closed; reply() will tell
      bytes.remove_prefix(static_cast<std::size_t>(octets));
    }
  }
  /// One reply, all its lines; "" when the server closed or said nothing in time.
  std::string reply() {
    for (;;) {
      std::size_t line = 0;
      for (;;) {
        std::size_t end = got_.find("\r\n", line);
        if (end == std::string::npos) break;
        bool last = end - line < 4 || got_[line + 3] != '-';
        if (last) {
          std::string found = got_.substr(0, end + 2);
          got_.erase(0, end + 2);
          return found;
        }
        line = end + 2;
      }
      char buffer[4096];
      long octets = ssl_ ? SSL_read(ssl_, buffer, sizeof buffer)
                         : ::recv(socket_.native_handle(), buffer, sizeof buffer, 0);
      if (octets <= 0) return {};
      got_.append(buffer, static_cast<std::size_t>(octets));
    }
  }
  std::string ask(std::string const& line) {
    send(line + "\r\n");
    return reply();
  }
  /// Blocking handshake as an unverifying client; the error text when it fails, else "".
  std::string start_tls(std::shared_ptr<ClientTls const> const& tls,
                        std::string const& name = "mail.example") {
    ssl_ = SSL_new(tls->context());
    SSL_set_tlsext_host_name(ssl_, name.c_str());
    SSL_set_fd(ssl_, socket_.native_handle());
    int done = SSL_connect(ssl_);
    if (done == 1) return {};
    std::string error = take_openssl_error();
    SSL_free(std::exchange(ssl_, nullptr));
    return error;
  }
  std::string certificate_names() {
    X509* shown = SSL_get0_peer_certificate(ssl_);
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
    return name;
  }
  /// True when the server sends or closes within the time.
  bool something_comes(int milliseconds) {
    pollfd state{socket_.native_handle(), POLLIN, 0};
    return ::poll(&state, 1, milliseconds) > 0;
  }
  void close() { socket_.close(); }

 private:
  asio::io_context context_;
  Socket socket_;
  SSL* ssl_ = nullptr;
  std::string got_;
};

/// A server with one listener a role, all on loopback ports that the kernel picked.
class ServerTest : public ::testing::Test {
 protected:
  ListenerSettings listener(smtp::server::Role role) {
    auto session = std::make_shared<smtp::server::Settings>();
    session->hostname = "mail.example";
    session->role = role;
    session->starttls_offered = true;
    session->auth_offered = role != smtp::server::Role::relay;
    session->tls_required = role != smtp::server::Role::relay;
    session->mechanisms = {sasl::MechanismName::plain};
    ListenerSettings listener;
    listener.address = *Endpoint::parse("127.0.0.1:0");
    listener.role = role;
    listener.session = session;
    return listener;
  }
  std::shared_ptr<ServerSettings> make_settings(std::vector<ListenerSettings> listeners) {
    auto settings = std::make_shared<ServerSettings>();
    settings->listeners = std::move(listeners);
    settings->tls.certificates = {ca.leaf({"mail.example"})};
    settings->services = {judge, authenticator, intake};
    return settings;
  }
  void start(std::shared_ptr<ServerSettings> settings) {
    server = std::make_unique<Server>(std::move(settings), log, clock, ServerOptions{2});
    auto bound = server->bind();
    ASSERT_TRUE(bound) << bound.error();
    server->start();
  }
  std::unique_ptr<Client> connect(std::size_t listener = 0) {
    return std::make_unique<Client>(server->local_endpoint(listener));
  }

  Ca ca = Ca::make();
  SystemClock clock;
  MemoryLog log;
  std::shared_ptr<FakeJudge> judge = std::make_shared<FakeJudge>();
  std::shared_ptr<FakeAuthenticator> authenticator = std::make_shared<FakeAuthenticator>();
  std::shared_ptr<FakeIntake> intake = std::make_shared<FakeIntake>();
  std::shared_ptr<ClientTls const> tls = *ClientTls::make(ca.pair.certificate_pem);
  std::unique_ptr<Server> server;
};
}  // namespace pb::runtime::testing
