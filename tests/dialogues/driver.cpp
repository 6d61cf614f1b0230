// driver.cpp: see driver.hpp.                              Spec: smtp/server/session.hpp.
// Input is moved to fresh memory at each feed, so that a session that keeps a view is found out.
// Not here: dialogue files (dialogue.cpp).
#include "driver.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/check.hpp"

namespace pb::dialogues {
std::uint64_t SeededRandom::next() {
  // SplitMix64 (Steele, Lea, Flood 2014).
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::string Stored::text() const {
  return message.header.bytes() + (message.empty_line ? "\r\n" : "") + body;
}

Driver::Driver(World world)
    : world_{std::move(world)},
      session_{std::make_shared<server::Settings const>(world_.settings), world_.facts, clock_,
               random_},
      input_{world_.early} {
  run();
}

void Driver::feed(std::string_view bytes) {
  if (hangup_) return;
  PB_CHECK(reading_);
  std::string fresh;
  fresh.reserve(input_.size() + bytes.size());
  fresh += input_;
  fresh += bytes;
  input_ = std::move(fresh);
  run();
}

void Driver::timeout() {
  session_.on_timeout();
  run();
}

void Driver::close() {
  session_.on_end_of_input();
  run();
}

void Driver::shutdown() {
  session_.on_shutdown();
  run();
}

std::size_t Driver::asked(server::Stage stage) const {
  return static_cast<std::size_t>(std::ranges::count(asked_, stage));
}

void Driver::run() {
  reading_ = false;
  std::string const held = std::move(input_);
  std::string_view input{held};
  while (!hangup_ && !reading_) {
    std::size_t const before = input.size();
    server::Step const step = session_.next(input);
    PB_CHECK(input.size() <= before);
    execute(step);
  }
  input_ = std::string{input};
}

void Driver::execute(server::Step const& step) {
  if (auto const* send = std::get_if<server::Send>(&step)) {
    PB_CHECK(send->bytes.ends_with("\r\n"));
    output_ += send->bytes;
  } else if (auto const* ask = std::get_if<server::Ask>(&step)) {
    asked_.push_back(ask->stage);
    if (ask->stage == server::Stage::connect) session_.set_peer(session_.facts().peer);
    session_.on_verdict(judge(ask->stage));
  } else if (auto const* ask_auth = std::get_if<server::AskAuth>(&step)) {
    session_.on_auth_answer(authenticate(ask_auth->question));
  } else if (auto const* ask_probe = std::get_if<server::AskProbe>(&step)) {
    PB_CHECK(session_.facts().tls.active && !session_.facts().account.empty());
    probed_.push_back(fmt::format("{}:{}", ask_probe->target.host, ask_probe->target.port));
    session_.on_probe_answer(world_.probe);
  } else if (std::holds_alternative<server::StartTls>(step)) {
    server::TlsFacts tls;
    tls.active = true;
    tls.version = "TLSv1.3";
    tls.cipher = "TLS_AES_128_GCM_SHA256";
    session_.on_tls(std::move(tls));
  } else if (auto const* append = std::get_if<server::AppendBody>(&step)) {
    PB_CHECK(session_.in_message() && !append->bytes.empty());
    body_ += append->bytes;
    session_.on_appended(world_.sink);
  } else if (std::holds_alternative<server::Commit>(step)) {
    QueueId const id{0x0123456789ABCDEFULL + stored_.size()};
    session_.set_queue_id(id);
    Stored stored{session_.take_message(), std::exchange(body_, {})};
    PB_CHECK(stored.message.body_octets == stored.body.size());
    if (world_.commit == server::CommitResult::durable) stored_.push_back(std::move(stored));
    session_.on_committed({world_.commit, id});
  } else if (auto const* hangup = std::get_if<server::Hangup>(&step)) {
    hangup_ = hangup->reason;
  } else if (std::holds_alternative<server::ReadMore>(step)) {
    reading_ = true;
  }
  if (!session_.in_message()) body_.clear();
}

server::Verdict Driver::judge(server::Stage stage) {
  server::SessionFacts const& facts = session_.facts();
  std::string address = facts.envelope.reverse_path.text();
  if (stage == server::Stage::rcpt) address = facts.recipient->mailbox.text();
  for (Rule const& rule : world_.rules) {
    if (rule.stage == stage && (rule.address.empty() || rule.address == address)) {
      return rule.verdict;
    }
  }
  return {};
}

sasl::Answer Driver::authenticate(sasl::Question const& question) const {
  if (world_.logins_unavailable) return sasl::Unavailable{};
  if (auto const* check = std::get_if<sasl::PasswordCheck>(&question)) {
    for (auto const& [user, password] : world_.accounts) {
      if (check->user == user && check->password == password) return sasl::Granted{user};
    }
  }
  if (auto const* check = std::get_if<sasl::ExternalCheck>(&question)) {
    bool const own = check->user.empty() || check->user == check->certificate_identity;
    if (own) return sasl::Granted{check->certificate_identity};
  }
  return sasl::Denied{};
}
}  // namespace pb::dialogues
