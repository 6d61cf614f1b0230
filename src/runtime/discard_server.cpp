// discard_server.cpp: see discard_server.hpp. Nothing is written: its 250 promises nothing.
// Spec: services.hpp, which its four small services implement.
// Tests: tests/end_to_end/bench_test.py
#include "runtime/discard_server.hpp"

#include "runtime/certificates.hpp"

namespace pb::runtime {
namespace {
using smtp::server::SinkAnswer;

class AcceptAll final : public Judge {
 public:
  [[nodiscard]] smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const override {
    peer.trusted = true;
    return peer;
  }
  asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage,
                                               smtp::server::SessionFacts const&) override {
    co_return smtp::server::Verdict{};
  }
};

class AnyPassword final : public Authenticator {
 public:
  asio::awaitable<sasl::Answer> answer(sasl::Question question,
                                       smtp::server::SessionFacts const&) override {
    auto const* check = std::get_if<sasl::PasswordCheck>(&question);
    if (check == nullptr) co_return sasl::Denied{};
    co_return sasl::Granted{check->user};
  }
  Duration failure_delay(smtp::server::SessionFacts const&) override { return Duration{0}; }
};

class Discarding final : public BodySink {
 public:
  std::optional<SinkAnswer> append(std::string_view) override { return SinkAnswer::ok; }
  asio::awaitable<SinkAnswer> settle() override { co_return SinkAnswer::ok; }
};

class Discard final : public Intake {
 public:
  Discard(std::shared_ptr<DiscardCounts> counts, std::function<void(std::uint64_t)> on_message)
      : counts_{std::move(counts)}, on_message_{std::move(on_message)} {}
  QueueId make_id() override { return QueueId{++ids_}; }
  std::unique_ptr<BodySink> open_body(QueueId) override { return std::make_unique<Discarding>(); }
  asio::awaitable<smtp::server::CommitAnswer> commit(AcceptedMessage message) override {
    counts_->recipients += message.message.envelope.forward_paths.size();
    counts_->octets += message.message.body_octets;
    on_message_(++counts_->messages);
    co_return smtp::server::CommitAnswer{smtp::server::CommitResult::durable, message.id};
  }

 private:
  std::atomic<std::uint64_t> ids_{0};
  std::shared_ptr<DiscardCounts> counts_;
  std::function<void(std::uint64_t)> on_message_;
};

ListenerSettings listener_at(Endpoint address, smtp::server::Role role) {
  auto session = std::make_shared<smtp::server::Settings>();
  session->hostname = "sink.test";
  session->role = role;
  session->starttls_offered = true;
  session->auth_offered = session->auth_in_clear = true;
  session->mechanisms = {sasl::MechanismName::plain, sasl::MechanismName::login};
  ListenerSettings listener;
  listener.address = address;
  listener.role = session->role;
  listener.sandbox = true;
  listener.session = std::move(session);
  return listener;
}
}  // namespace

std::expected<std::unique_ptr<DiscardServer>, std::string> DiscardServer::start(
    Endpoint address, smtp::server::Role role, Clock const& clock,
    std::function<void(std::uint64_t count)> on_message) {
  std::unique_ptr<DiscardServer> out{new DiscardServer};
  Instant const begin = clock.now() - std::chrono::hours{1};
  auto const ca = make_ca("Packetboat bench CA", begin, std::chrono::days{2});
  if (!ca) return std::unexpected{ca.error()};
  auto const leaf = make_leaf(*ca, {.dns_names = {"localhost"},
                                    .addresses = {address.address},
                                    .email = {},
                                    .not_before = begin,
                                    .validity = std::chrono::days{2}});
  if (!leaf) return std::unexpected{leaf.error()};
  out->ca_pem_ = ca->certificate_pem;
  auto settings = std::make_shared<ServerSettings>();
  settings->listeners = {listener_at(address, role)};
  settings->tls.certificates = {{.names = {},
                                 .chain_pem = leaf->certificate_pem,
                                 .key_pem = leaf->key_pem,
                                 .source = "bench"}};
  settings->services = {std::make_shared<AcceptAll>(), std::make_shared<AnyPassword>(),
                        std::make_shared<Discard>(out->counts_, std::move(on_message)), nullptr};
  out->server_ =
      std::make_unique<Server>(std::move(settings), out->log_, clock, ServerOptions{.cores = 0});
  if (auto const bound = out->server_->bind(); !bound) return std::unexpected{bound.error()};
  out->server_->start();
  return out;
}

DiscardServer::~DiscardServer() { stop(); }

void DiscardServer::stop() {
  if (!server_) return;
  server_->stop();
  server_->wait();
}
}  // namespace pb::runtime
