// session_world.cpp: carries out a session's effects in memory and in simulated time.
// Spec: runtime/session_loop.hpp.                                        Not here: scenarios.
#include "sim/session_world.hpp"

#include <algorithm>

namespace pb::sim {
using namespace smtp::server;

class World::Sink final : public runtime::BodySink {
 public:
  explicit Sink(World& world) : world_{world} { ++world_.outcome_.bodies_open; }
  ~Sink() override {
    --world_.outcome_.bodies_open;
    if (!committed) ++world_.outcome_.bodies_dropped;
  }
  std::optional<SinkAnswer> append(std::string_view bytes) override {
    body += bytes;
    if (world_.weather_.slow_services && world_.random_.one_in(2)) return std::nullopt;
    return SinkAnswer::ok;
  }
  asio::awaitable<SinkAnswer> settle() override {
    co_await world_.maybe_later();
    co_return SinkAnswer::ok;
  }
  std::string body;
  bool committed = false;

 private:
  World& world_;
};

World::World(Script script, Weather weather, std::uint64_t seed)
    : script_{std::move(script)}, weather_{std::move(weather)}, random_{seed} {
  // The world outlives the session; the services are itself.
  auto keep = [](auto*) {};
  services_.judge = std::shared_ptr<runtime::Judge>{static_cast<runtime::Judge*>(this), keep};
  services_.authenticator =
      std::shared_ptr<runtime::Authenticator>{static_cast<runtime::Authenticator*>(this), keep};
  services_.intake = std::shared_ptr<runtime::Intake>{static_cast<runtime::Intake*>(this), keep};
  turns_ = script_.turns;
  std::ranges::reverse(turns_);
}

Outcome World::run() {
  auto settings = std::make_shared<Settings>();
  settings->hostname = "mail.test";
  settings->role = script_.role;
  settings->starttls_offered = true;
  settings->auth_offered = script_.role != Role::relay;
  settings->tls_required = script_.role != Role::relay;
  settings->mechanisms = {sasl::MechanismName::plain, sasl::MechanismName::login};
  SessionFacts facts;
  facts.role = script_.role;
  facts.peer.peer = facts.peer.socket_peer = *Endpoint::parse("192.0.2.1:5000");
  Instant start = clock_.now();
  // The session's own randomness is no part of the weather: an id must not move with a packet.
  SimRandom session_random{1};
  {
    runtime::SessionLoop loop{Session{settings, std::move(facts), clock_, session_random}, *this};
    asio::co_spawn(context_, loop.run({}), [this](std::exception_ptr error, HangupReason reason) {
      if (error) std::rethrow_exception(error);
      outcome_.end = reason;
    });
    context_.run();
  }
  outcome_.took = clock_.now() - start;
  return outcome_;
}

asio::awaitable<void> World::maybe_later() {
  if (!weather_.slow_services || random_.one_in(2)) co_return;
  // The buffer that was lent is no longer the session's: spoil it, so that a use shows.
  std::ranges::fill(lent_, '#');
  co_await asio::post(context_, asio::use_awaitable);
}

/// The next turn, once everything before it has been read.
void World::feed() {
  if (!waiting_.empty() || turns_.empty()) return;
  waiting_ = std::move(turns_.back());
  turns_.pop_back();
}

asio::awaitable<std::expected<void, IoError>> World::wait_readable(Duration wait) {
  std::ranges::fill(lent_, '#');
  feed();
  if (!waiting_.empty()) {
    co_await maybe_later();
    co_return std::expected<void, IoError>{};
  }
  if (!script_.falls_silent) co_return std::unexpected{IoError::closed};
  clock_.advance(wait);
  co_return std::unexpected{IoError::timeout};
}

std::expected<std::string_view, IoError> World::read_now(std::string_view prefix) {
  std::size_t octets = waiting_.size();
  if (weather_.cut && read_octets_ < *weather_.cut) {
    octets = std::min(octets, *weather_.cut - read_octets_);
  }
  if (weather_.pieces) octets = std::min<std::size_t>(octets, random_.below(7));
  std::string lent{prefix};
  lent += waiting_.substr(0, octets);
  waiting_.erase(0, octets);
  read_octets_ += octets;
  lent_ = std::move(lent);
  return lent_;
}

std::expected<std::size_t, IoError> World::try_write(std::string_view bytes) {
  std::size_t taken = bytes.size();
  if (weather_.short_writes) taken = random_.below(bytes.size() + 1);
  outcome_.transcript += bytes.substr(0, taken);
  return taken;
}

asio::awaitable<std::expected<void, IoError>> World::write(std::string bytes) {
  co_await maybe_later();
  outcome_.transcript += bytes;
  co_return std::expected<void, IoError>{};
}

asio::awaitable<std::expected<TlsFacts, IoError>> World::start_tls() {
  co_await maybe_later();
  TlsFacts facts;
  facts.active = true;
  facts.version = "TLSv1.3";
  co_return facts;
}

asio::awaitable<std::expected<void, IoError>> World::delay(Duration time) {
  clock_.advance(time);
  co_await maybe_later();
  co_return std::expected<void, IoError>{};
}

/// "reject@" is refused; everybody else is welcome.
asio::awaitable<Verdict> World::judge(Stage stage, SessionFacts const& facts) {
  co_await maybe_later();
  if (stage == Stage::rcpt && facts.recipient->mailbox.local_part == "reject") {
    co_return Verdict{Action::reject, smtp::reply::unknown_user, "unknown_user"};
  }
  co_return Verdict{};
}

asio::awaitable<sasl::Answer> World::answer(sasl::Question question, SessionFacts const&) {
  co_await maybe_later();
  auto const* check = std::get_if<sasl::PasswordCheck>(&question);
  if (check == nullptr || check->password != "right") co_return sasl::Denied{};
  co_return sasl::Granted{check->user};
}

std::unique_ptr<runtime::BodySink> World::open_body(QueueId) {
  return std::make_unique<Sink>(*this);
}

asio::awaitable<CommitAnswer> World::commit(runtime::AcceptedMessage message) {
  co_await maybe_later();
  if (weather_.failed_commits.contains(commits_++)) {
    co_return CommitAnswer{CommitResult::deferred_fault, message.id};
  }
  auto& sink = static_cast<Sink&>(*message.body);
  sink.committed = true;
  outcome_.durable.push_back(
      {message.message.header.bytes(), sink.body, message.message.envelope.forward_paths.size()});
  co_return CommitAnswer{CommitResult::durable, message.id};
}
}  // namespace pb::sim
