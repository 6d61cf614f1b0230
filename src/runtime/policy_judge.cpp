// policy_judge.cpp: see policy_judge.hpp.                     Spec: ARCHITECTURE.md "Judge".
// Tests: policy_judge_test.cpp                                Not here: the rules (policy/engine).
#include "runtime/policy_judge.hpp"

#include <mutex>
#include <variant>

#include "accounts/bounded_table.hpp"
#include "policy/engine.hpp"
#include "smtp/reply.hpp"

namespace pb::runtime {
namespace {
using smtp::server::Action;
using smtp::server::SessionFacts;
using smtp::server::Stage;
using smtp::server::Verdict;
constexpr int questions_max = 32;  // one verdict never needs more: then something is wrong with us
constexpr std::size_t networks_max = 10'000;
constexpr unsigned lines_a_minute_max = 20;

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::connect:
      return "connect";
    case Stage::ehlo:
      return "ehlo";
    case Stage::auth:
      return "auth";
    case Stage::mail:
      return "mail";
    case Stage::rcpt:
      return "rcpt";
    case Stage::header:
      return "header";
    case Stage::end_of_data:
      return "end_of_data";
  }
  return {};
}
}  // namespace

struct PolicyJudge::Impl {
  Impl(PolicyJudgeParts given, Clock const& time, Log& lines)
      : parts{std::move(given)}, clock{time}, log{lines} {}

  PolicyJudgeParts const parts;
  std::function<bool(mail::Domain const&)> const is_probed = [this](mail::Domain const& domain) {
    return parts.probe && parts.probe->covers(domain);
  };
  Clock const& clock;
  Log& log;

  struct Lines {
    std::int64_t minute = 0;
    unsigned written = 0;
  };
  std::mutex mutex;  // guards lines
  accounts::BoundedTable<std::string, Lines> lines{networks_max};

  /// Strangers must not fill the log: some lines a network and minute, then silence.
  bool may_write(IpAddress const& peer) {
    auto const minute = std::chrono::floor<std::chrono::minutes>(clock.now()).time_since_epoch();
    std::scoped_lock const lock{mutex};
    Lines& of_network = lines.touch(limit_network(peer).text());
    if (of_network.minute != minute.count()) of_network = {minute.count(), 0};
    return of_network.written++ < lines_a_minute_max;
  }

  void write(Stage stage, SessionFacts const& facts, Verdict const& verdict) {
    bool const played = facts.sandbox && verdict.rule.starts_with("sandbox:");
    if (verdict.action == Action::accept && !played) return;
    if (!may_write(facts.peer.peer.address)) return;
    log.info(played ? "sandbox-note" : "refused",
             {{"session", facts.session.text()},
              {"peer", facts.peer.peer.address.text()},
              {"stage", std::string{name_of(stage)}},
              {"rule", std::string{verdict.rule}},
              {"account", facts.account},
              {"reverse_path", facts.envelope.reverse_path.text()},
              {"recipient", facts.recipient ? facts.recipient->mailbox.text() : std::string{}},
              {"said", verdict.reply.text}});
  }

  static Verdict undecided() {
    return {Action::defer, smtp::reply::judge_timeout, "judge_deadline"};
  }

  asio::awaitable<bool> find_out(policy::CapacityQuestion question, Duration left,
                                 policy::Answers& answers) {
    if (!parts.gauge) {
      answers.mailbox_full[question.account] = false;
      co_return true;
    }
    auto const used = co_await parts.gauge->used_octets(question.account, left);
    if (!used) co_return false;
    answers.mailbox_full[question.account] = *used >= question.quota_octets;
    co_return true;
  }

  asio::awaitable<bool> find_out(policy::ProbeQuestion question, Duration left,
                                 policy::Answers& answers) {
    answers.recipient_exists = co_await parts.probe->exists(std::move(question.mailbox), left);
    co_return answers.recipient_exists.has_value();
  }

  asio::awaitable<Verdict> decide(Stage stage, SessionFacts const& facts) {
    std::shared_ptr<accounts::Directory const> const directory = parts.directory->get();
    Instant const until = clock.now() + parts.deadline;
    policy::Answers answers;
    for (int asked = 0; asked <= questions_max; ++asked) {
      auto judgement =
          policy::judge(stage, facts, {*directory, &parts.takes_bounces, &is_probed}, answers);
      if (auto* const verdict = std::get_if<Verdict>(&judgement)) co_return std::move(*verdict);
      Duration const left = until - clock.now();
      if (left <= Duration{0}) break;
      auto& question = std::get<policy::Question>(judgement);
      bool found = false;
      if (auto* const capacity = std::get_if<policy::CapacityQuestion>(&question))
        found = co_await find_out(std::move(*capacity), left, answers);
      else if (auto* const probe = std::get_if<policy::ProbeQuestion>(&question))
        found = co_await find_out(std::move(*probe), left, answers);
      if (!found) break;
    }
    co_return undecided();
  }
};

PolicyJudge::PolicyJudge(PolicyJudgeParts parts, Clock const& clock, Log& log)
    : impl_{std::make_unique<Impl>(std::move(parts), clock, log)} {}
PolicyJudge::~PolicyJudge() = default;

smtp::server::PeerFacts PolicyJudge::classify(smtp::server::PeerFacts peer) const {
  return policy::classify_peer(impl_->parts.networks, std::move(peer));
}

asio::awaitable<Verdict> PolicyJudge::judge(Stage stage, SessionFacts const& facts) {
  if (stage == Stage::mail && !facts.account.empty() && impl_->parts.authenticator) {
    impl_->parts.authenticator->logged_in(facts);
  }
  Verdict verdict = co_await impl_->decide(stage, facts);
  impl_->write(stage, facts, verdict);
  co_return verdict;
}
}  // namespace pb::runtime
