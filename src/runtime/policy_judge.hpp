// policy_judge.hpp: runs policy's ask and replay for a session, within a deadline.
// Spec: ARCHITECTURE.md "Policy is ask and replay" (then 451 4.4.3).  Tests: policy_judge_test.cpp
// Not here: the rules (policy/engine), DNS checks of the message (they are added to its verdict).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "policy/networks.hpp"
#include "runtime/directory_snapshot.hpp"
#include "runtime/password_authenticator.hpp"
#include "runtime/services.hpp"

namespace pb::runtime {
/// How much a mailbox holds. Implemented by whoever keeps mailboxes; shared by all cores.
class MailboxGauge {
 public:
  virtual ~MailboxGauge() = default;
  /// nullopt: not known within `wait`; then the recipient is deferred.
  virtual asio::awaitable<std::optional<std::uint64_t>> used_octets(std::string account,
                                                                    Duration wait) = 0;
};

/// Asks the mail store behind us for a recipient. Shared by all cores.
class RecipientProbe {
 public:
  virtual ~RecipientProbe() = default;
  [[nodiscard]] virtual bool covers(mail::Domain const& domain) const = 0;
  /// nullopt: it did not say within `wait`; then the recipient is deferred.
  virtual asio::awaitable<std::optional<bool>> exists(mail::Mailbox mailbox, Duration wait) = 0;
};

struct PolicyJudgeParts {
  std::shared_ptr<DirectorySnapshot const> directory;
  policy::NetworkTable networks;
  std::shared_ptr<PasswordAuthenticator> authenticator;       // told of SCRAM's success; maybe null
  std::shared_ptr<MailboxGauge> gauge;                        // null: no mailbox is ever full
  Duration deadline = std::chrono::seconds{20};               // well within the client's (RFC 5321)
  std::function<bool(mail::Mailbox const&)> takes_bounces{};  // see policy::PolicyWorld
  std::shared_ptr<RecipientProbe> probe{};                    // null: no store is asked
};

/// Shared by all cores; a reload makes a new one with the new networks. Logs what it refuses:
/// `refused` with session, peer, stage, rule and addresses, 20 lines a network and minute at most;
/// and in the sandbox what a real server would have refused, as `sandbox-note`.
class PolicyJudge final : public Judge {
 public:
  PolicyJudge(PolicyJudgeParts parts, Clock const& clock, Log& log);
  ~PolicyJudge() override;
  smtp::server::PeerFacts classify(smtp::server::PeerFacts peer) const override;
  asio::awaitable<smtp::server::Verdict> judge(smtp::server::Stage stage,
                                               smtp::server::SessionFacts const& facts) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
}  // namespace pb::runtime
