// server_link.cpp: see server_link.hpp.                       Spec: smtp/server/step.hpp.
#include "sim/server_link.hpp"

#include <utility>

#include "mail/header_section.hpp"
#include "policy/engine.hpp"
#include "policy/roles.hpp"
#include "sim/node.hpp"
#include "sim/people.hpp"
#include "sim/world.hpp"

namespace pb::sim {
using namespace smtp::server;

namespace {
constexpr Duration commit_wait = std::chrono::seconds{30};

std::shared_ptr<Settings const> settings_of(Role role) {
  static auto const all = [] {
    std::array<std::shared_ptr<Settings const>, 4> made;
    for (policy::RoleRules const& rules : policy::roles) {
      auto settings = std::make_shared<Settings>();
      settings->hostname = "mx.our.test";
      policy::apply_role(*settings, rules.role, policy::Sandbox::no);
      settings->mechanisms = {sasl::MechanismName::plain, sasl::MechanismName::login};
      settings->starttls_offered = true;
      settings->futurerelease = settings->deliverby = settings->mt_priority = true;
      settings->message_octets_max = 256 * 1024;
      settings->recipients_max = 100;
      made[static_cast<std::size_t>(rules.role)] = std::move(settings);
    }
    return made;
  }();
  return all[static_cast<std::size_t>(role)];
}

SessionFacts facts_of(Caller const& caller) {
  SessionFacts facts;
  facts.role = caller.role;
  facts.listener = "mx";
  facts.peer.peer = {IpAddress::v4(caller.trusted ? 0xC0000201 : 0xCB007105), 40000};
  facts.peer.socket_peer = facts.peer.peer;
  facts.peer.trusted = caller.trusted;
  return facts;
}
}  // namespace

ServerLink::ServerLink(Node& node, std::shared_ptr<Wire> wire, Caller caller)
    : node_{node},
      wire_{std::move(wire)},
      caller_{caller},
      session_{settings_of(caller.role), facts_of(caller), node.clock(), node.world().random},
      began_{node.world().time.now()} {
  summary_.wire = wire_->number();
  summary_.stranger = caller.stranger();
}

void ServerLink::start() {
  wire_->attach(Side::server, this);
  node_.after(wire_->latency(), [weak = weak_from_this()] {
    if (auto const self = weak.lock()) self->pump();
  });
}

void ServerLink::finish_soon() {
  finishing_ = true;
  if (reading_ && !transaction_open()) {
    session_.on_shutdown();
    pump();
  }
}

void ServerLink::abandon() {
  over_ = true;
  wire_->attach(Side::server, nullptr);
  wire_->reset();
}

bool ServerLink::transaction_open() const {
  return session_.in_message() || !session_.facts().envelope.forward_paths.empty();
}

void ServerLink::on_bytes(std::string_view bytes) {
  input_ += bytes;
  if (reading_) pump();
}

void ServerLink::on_gone() {
  gone_ = true;
  if (!reading_ || over_) return;
  session_.on_end_of_input();
  pump();
}

void ServerLink::on_handshake(Handshake result) {
  waiting_ = false;
  input_.clear();
  if (!result.works) {
    hang_up(HangupReason::tls_failed);
    return;
  }
  TlsFacts facts;
  facts.active = true;
  facts.version = "TLSv1.3";
  facts.cipher = "TLS_AES_128_GCM_SHA256";
  session_.on_tls(std::move(facts));
  pump();
}

void ServerLink::pump() {
  if (pumping_ || waiting_ || over_) return;
  auto const self = shared_from_this();
  pumping_ = true;
  reading_ = false;
  while (!over_ && !waiting_) {
    std::string_view view = std::string_view{input_}.substr(consumed_);
    std::size_t const before = view.size();
    Step step = session_.next(view);
    consumed_ += before - view.size();
    if (!carry_out(step)) break;
  }
  input_.erase(0, consumed_);
  consumed_ = 0;
  pumping_ = false;
}

/// False: something has to happen first.
bool ServerLink::carry_out(Step& step) {
  if (auto const* more = std::get_if<ReadMore>(&step)) {
    if (finishing_ && !transaction_open()) {
      session_.on_shutdown();
      return true;
    }
    if (gone_) {
      session_.on_end_of_input();
      return true;
    }
    // One octet now and then must not hold a session for ever.
    if (!std::exchange(command_began_, true)) wait(more->wait);
    reading_ = true;
    return false;
  }
  command_began_ = false;
  deadline_.reset();
  if (!std::holds_alternative<AppendBody>(step) && !std::holds_alternative<Commit>(step) &&
      !session_.in_message()) {
    body_.clear();
    id_.reset();
  }
  if (auto* out = std::get_if<Send>(&step)) {
    send(std::move(out->bytes));
  } else if (auto const* asked = std::get_if<Ask>(&step)) {
    return ask(asked->stage);
  } else if (auto const* asked_auth = std::get_if<AskAuth>(&step)) {
    session_.on_auth_answer(answer_login(asked_auth->question));
  } else if (std::holds_alternative<AskProbe>(step)) {
    session_.on_probe_answer({});  // nobody here offers it
  } else if (std::holds_alternative<StartTls>(step)) {
    waiting_ = true;
    input_.clear();
    consumed_ = 0;
    wait(std::chrono::minutes{1});
    wire_->handshake(Side::server, {true, true});
    return false;
  } else if (auto const* part = std::get_if<AppendBody>(&step)) {
    append(part->bytes);
  } else if (std::holds_alternative<Commit>(step)) {
    commit();
    return !waiting_;
  } else if (auto const* delay = std::get_if<Delay>(&step)) {
    resume_after(delay->time);
    return false;
  } else {
    hang_up(std::get<Hangup>(step).reason);
    return false;
  }
  return true;
}

void ServerLink::resume_after(Duration time) {
  waiting_ = true;
  node_.after(time, [weak = weak_from_this()] {
    auto const self = weak.lock();
    if (!self || self->over_) return;
    self->waiting_ = false;
    self->pump();
  });
}

bool ServerLink::ask(Stage stage) {
  if (stage == Stage::connect) session_.set_peer(session_.facts().peer);
  if (stage == Stage::header || stage == Stage::end_of_data) ensure_id();
  SimWorld& world = node_.world();
  bool const slow = world.faulty() && world.random.hits(world.scenario.slow);
  // Who is that? The greeting waits for the DNS.
  bool const looks_up = stage == Stage::connect && caller_.stranger() && world.random.one_in(4);
  if (!slow && !looks_up) {
    session_.on_verdict(verdict(stage));
    return true;
  }
  waiting_ = true;
  Duration const most = slow ? Duration{std::chrono::seconds{20}} : Duration{300};
  node_.after(world.random.between(Duration{1}, most), [weak = weak_from_this(), stage] {
    auto const self = weak.lock();
    if (!self || self->over_) return;
    self->waiting_ = false;
    self->session_.on_verdict(self->verdict(stage));
    self->pump();
  });
  return false;
}

Verdict ServerLink::verdict(Stage stage) const {
  SessionFacts const& facts = session_.facts();
  auto const judged = policy::judge(stage, facts, {directory()}, {});
  Verdict out = std::get<Verdict>(judged);
  if (node_.world().planted(Plant::open_relay) && stage == Stage::rcpt) out = {};
  return out;
}

void ServerLink::ensure_id() {
  if (id_) return;
  id_ = node_.make_id();
  session_.set_queue_id(*id_);
}

void ServerLink::append(std::string_view bytes) {
  ensure_id();
  SimWorld& world = node_.world();
  body_ += bytes;
  bool const full = world.faulty() && world.random.hits(world.scenario.no_space);
  session_.on_appended(full ? SinkAnswer::no_space : SinkAnswer::ok);
}

/// As runtime/queue_intake makes it.
void ServerLink::commit() {
  ensure_id();
  SimWorld& world = node_.world();
  ReceivedMessage received = session_.take_message();
  SessionFacts const& facts = session_.facts();
  queue::NewMessage made;
  queue::QueuedMessage& m = made.record.message;
  m.id = *std::exchange(id_, std::nullopt);
  m.envelope = std::move(received.envelope);
  m.accepted_at = node_.clock().now();
  m.expires_at = m.accepted_at + std::chrono::hours{world.scenario.expire_hours};
  m.account = facts.account;
  m.listener = facts.listener;
  m.role = std::string{policy::rules_of(facts.role).name};
  m.client = facts.peer.peer.address.text();
  m.eight_bit = facts.message.eight_bit;
  m.trace = std::move(received.trace);
  made.inline_bytes = received.header.bytes();
  if (received.empty_line) made.inline_bytes += "\r\n";
  m.body_octets = made.inline_bytes.size() + body_.size();
  world.accepting(made, std::exchange(body_, {}), caller_);
  made.record.inline_octets = made.inline_bytes.size();
  made.record.phases.assign(m.envelope.forward_paths.size(), queue::Phase::due);
  CommitAnswer const answer{CommitResult::durable, m.id};
  if (!node_.accepting()) {
    return session_.on_committed({CommitResult::deferred_no_space, m.id});
  }
  if (world.planted(Plant::early_250)) {
    node_.accept(std::move(made), {});
    return session_.on_committed(answer);
  }
  waiting_ = true;
  auto const ticket = node_.accept(
      std::move(made), [weak = weak_from_this(), answer](queue::CommitVerdict verdict) {
        auto const self = weak.lock();
        if (!self || self->over_) return;
        self->waiting_ = false;
        bool const durable = verdict == queue::CommitVerdict::durable;
        self->session_.on_committed(
            {durable ? CommitResult::durable : CommitResult::deferred_no_space, answer.queue_id});
        self->pump();
      });
  node_.after(commit_wait, [weak = weak_from_this(), ticket, answer] {
    auto const self = weak.lock();
    if (!ticket->done) return;  // answered
    ticket->done = nullptr;
    ticket->withdrawn = true;
    if (!self || self->over_) return;
    self->waiting_ = false;
    self->session_.on_committed({CommitResult::deferred_fault, answer.queue_id});
    self->pump();
  });
}

void ServerLink::send(std::string bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t const end = bytes.find("\r\n", at);
    std::string_view const line = std::string_view{bytes}.substr(at, end - at);
    constexpr std::string_view accepted = "250 2.0.0 Accepted as ";
    if (line.starts_with('5')) ++summary_.negative_replies;
    if (line.starts_with(accepted)) {
      ++summary_.accepted;
      if (auto const id = QueueId::parse(line.substr(accepted.size())))
        node_.world().acknowledged(*id);
    }
    if (end == std::string::npos) break;
    at = end + 2;
  }
  node_.world().time.note("server says", wire_->number(), bytes.size(), bytes);
  wire_->send(Side::server, std::move(bytes));
}

void ServerLink::hang_up(HangupReason reason) {
  over_ = true;
  node_.world().time.note("session over", wire_->number(), static_cast<std::uint64_t>(reason));
  wire_->close(Side::server);
  summary_.took = node_.world().time.now() - began_;
  node_.session_over(summary_);
}

void ServerLink::wait(Duration time) {
  if (node_.world().planted(Plant::endless_session)) return;
  deadline_ = node_.world().time.now() + time;
  if (!std::exchange(watched_, true)) watch();
}

/// One timer a session: it looks again when the deadline has moved on.
void ServerLink::watch() {
  node_.after(*deadline_ - node_.world().time.now(), [weak = weak_from_this()] {
    auto const self = weak.lock();
    if (!self || self->over_) return;
    self->watched_ = false;
    if (!self->deadline_) return;
    if (self->node_.world().time.now() < *self->deadline_) {
      self->watched_ = true;
      return self->watch();
    }
    if (self->waiting_) return self->hang_up(HangupReason::tls_failed);
    self->session_.on_timeout();
    self->pump();
  });
}
}  // namespace pb::sim
