// remote_prober.cpp: quota, name, addresses that may be, then the ladder of each family at once.
// Spec: docs/reference/xprobe.md; RFC 6890 (addresses).          Tests: remote_prober_test.cpp
#include "runtime/remote_prober.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "advisor/other_place.hpp"
#include "policy/probe_targets.hpp"
#include "runtime/handover.hpp"
#include "runtime/probe_lane.hpp"

namespace pb::runtime {
namespace {
using advisor::AttemptFacts;
using advisor::NameFacts;
using advisor::NameState;
using advisor::ProbeFacts;
using smtp::server::ProbeAnswer;
using smtp::server::ProbeResult;
constexpr auto name_wait = std::chrono::seconds{4};
constexpr auto ladder_wait = std::chrono::seconds{11};
constexpr Millis greeting_wait{8000};
// A lane keeps its place while its second connection waits for one: two families, two each.
constexpr unsigned connections_max = 4;

NameState state_of(dns::Failure failure) {
  switch (failure) {
    case dns::Failure::servfail:
      return NameState::server_failed;
    case dns::Failure::bogus:
      return NameState::bogus;
    case dns::Failure::timeout:
    case dns::Failure::refused:
      return NameState::no_answer;
  }
  return NameState::no_answer;
}

/// IPv4 first, as most of the world's mail goes.
NameFacts name_facts(dns::Facts const& answers) {
  NameFacts out;
  bool missing = false;
  std::optional<dns::Failure> failed;
  for (auto const& [question, answer] : answers) {
    if (auto const* found = std::get_if<dns::Found>(&answer)) {
      for (dns::Record const& record : found->records) {
        if (auto const* address = std::get_if<IpAddress>(&record))
          out.addresses.push_back(*address);
      }
    }
    missing = missing || std::holds_alternative<dns::NxDomain>(answer);
    if (auto const* failure = std::get_if<dns::Failed>(&answer)) failed = failure->failure;
  }
  if (!out.addresses.empty()) return out;
  out.system = missing ? NameState::not_found : NameState::no_address;
  if (failed && !missing) out.system = state_of(*failed);
  return out;
}

asio::awaitable<dns::Facts> ask_both(Resolver& resolver, std::string name) {
  dns::Facts facts;
  co_await ask_all(resolver, {{name, dns::Type::a}, {name, dns::Type::aaaa}}, facts);
  co_return facts;
}

/// The first address of each family that may be connected to.
std::vector<IpAddress> to_probe(NameFacts const& name, std::vector<Network> const& allowed) {
  std::vector<IpAddress> out;
  for (IpAddress const& address : name.addresses) {
    bool const has_family = std::ranges::any_of(
        out, [&](IpAddress const& one) { return one.is_v4() == address.is_v4(); });
    if (!has_family && policy::may_probe(address, allowed)) out.push_back(address);
  }
  return out;
}

ProbeAnswer refusal(accounts::HourlyQuota::Answer answer) {
  bool const busy = answer == accounts::HourlyQuota::Answer::busy;
  return {busy ? ProbeResult::busy : ProbeResult::too_many, {}};
}

std::string_view name_of(ProbeResult result) {
  switch (result) {
    case ProbeResult::measured:
      return "measured";
    case ProbeResult::not_public:
      return "not-public";
    case ProbeResult::too_many:
      return "too-many";
    case ProbeResult::busy:
      return "busy";
  }
  return "";
}
}  // namespace

/// An account's place in the quota, for as long as it lives.
struct RemoteProber::Turn {
  Turn(RemoteProber& prober_in, std::string account_in)
      : prober{prober_in}, account{std::move(account_in)} {
    std::scoped_lock const lock{prober.mutex_};
    settings = prober.settings_;
    answer = prober.quota_.begin(account, prober.clock_.now());
  }
  ~Turn() {
    std::scoped_lock const lock{prober.mutex_};
    if (granted()) prober.quota_.end(account);
  }
  Turn(Turn const&) = delete;
  Turn& operator=(Turn const&) = delete;
  [[nodiscard]] bool granted() const { return answer == accounts::HourlyQuota::Answer::granted; }

  RemoteProber& prober;
  std::string const account;
  RemoteProberSettings settings;
  accounts::HourlyQuota::Answer answer{};
};

RemoteProber::RemoteProber(Resolver& resolver, Clock const& clock, Log& log)
    : resolver_{resolver}, clock_{clock}, log_{log} {}
RemoteProber::~RemoteProber() = default;

void RemoteProber::set(RemoteProberSettings settings) {
  std::scoped_lock const lock{mutex_};
  settings_ = std::move(settings);
  quota_.set_an_hour(settings_.an_hour);
}

TrustStore const& RemoteProber::trust() {
  std::scoped_lock const lock{mutex_};
  if (trust_ == nullptr) trust_ = std::make_unique<TrustStore>(std::string{});
  return *trust_;
}

asio::awaitable<NameFacts> RemoteProber::resolve(smtp::ProbeCommand const& target) {
  NameFacts out;
  if (target.address) {
    out.literal = true;
    out.addresses = {*target.address};
    co_return out;
  }
  auto const loop = co_await asio::this_coro::executor;
  Handover<dns::Facts> answered{loop};
  // A slow name is left to itself: its answer still comes into the resolver's cache.
  asio::co_spawn(loop, ask_both(resolver_, target.host),
                 [give = answered.giver()](std::exception_ptr error, dns::Facts facts) {
                   if (!error) give(std::move(facts));
                 });
  auto const facts = co_await answered.take(name_wait);
  if (facts) co_return name_facts(*facts);
  out.system = NameState::no_answer;
  co_return out;
}

/// `facts` has its ports and their endpoints; all are climbed at once.
asio::awaitable<ProbeFacts> RemoteProber::measure(ProbeFacts facts, std::string ehlo_name) {
  auto const loop = co_await asio::this_coro::executor;
  LaneWorld world{loop, trust(), facts.host, facts.now,
                  std::chrono::steady_clock::now() + ladder_wait};
  ConnectionLimit limit{loop, connections_max};
  asio::steady_timer done{loop, asio::steady_timer::time_point::max()};
  auto& attempts = facts.ports.front().attempts;
  std::size_t left = attempts.size();
  for (AttemptFacts& attempt : attempts) {
    advisor::LaneOptions lane;
    lane.ehlo_name = ehlo_name;
    lane.greeting_wait = greeting_wait;
    asio::co_spawn(loop, climb(world, limit, attempt.endpoint, std::move(lane)),
                   [&left, &done, slot = &attempt](std::exception_ptr error, AttemptFacts got) {
                     if (!error) *slot = std::move(got);
                     if (--left == 0) done.cancel();
                   });
  }
  while (left != 0) {
    boost::system::error_code ignored;
    co_await done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return facts;
}

asio::awaitable<ProbeAnswer> RemoteProber::probe(smtp::ProbeCommand target,
                                                 smtp::server::SessionFacts const& session) {
  Turn const turn{*this, session.account};
  ProbeAnswer answer = refusal(turn.answer);
  if (turn.granted()) {
    ProbeFacts facts;
    facts.target = facts.host = target.host;
    facts.now =
        std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
    facts.name = co_await resolve(target);
    auto const addresses = to_probe(facts.name, turn.settings.allowed);
    bool const refused = addresses.empty() && !facts.name.addresses.empty();
    answer.result = refused ? ProbeResult::not_public : ProbeResult::measured;
    if (!addresses.empty()) {
      facts.ports.push_back({target.port, {}});
      for (IpAddress const& address : addresses) {
        facts.ports.front().attempts.emplace_back().endpoint = {address, target.port};
      }
      facts = co_await measure(std::move(facts), turn.settings.ehlo_name);
    }
    auto const verdict =
        advisor::judge(facts, advisor::Preference::founding, advisor::provider_of_host(facts.host));
    if (!refused) answer.facts = views_text(views_of(facts, verdict, target.port));
  }
  log_.info("xprobe", {{"session", session.session.text()},
                       {"account", session.account},
                       {"peer", session.peer.peer.address.text()},
                       {"target", target.host},
                       {"port", std::to_string(target.port)},
                       {"result", std::string{name_of(answer.result)}}});
  co_return answer;
}
}  // namespace pb::runtime
