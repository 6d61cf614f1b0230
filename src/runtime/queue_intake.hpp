// queue_intake.hpp: runtime::Intake on the queue: bodies in memory or in a file, then one commit.
// Spec: RFC 5321 §6.1; ARCHITECTURE.md "Queue states".         Tests: queue_intake_test.cpp
// Not here: SMTP (smtp/server), what a verdict is (policy/).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/limits.hpp"
#include "delivery/expansion.hpp"
#include "runtime/guards.hpp"
#include "runtime/queue_runner.hpp"
#include "runtime/services.hpp"
#include "runtime/storage_pool.hpp"

namespace pb::runtime {
struct IntakeSettings {
  std::size_t body_in_memory_max = 64U << 10;       // a longer one goes to a file
  Duration commit_wait = std::chrono::seconds{30};  // then 451, and the ticket is withdrawn
  Duration expire_after = std::chrono::days{5};
  /// What is kept for the inbox instead of being delivered. Empty: nothing.
  std::function<bool(smtp::server::SessionFacts const&, mail::ForwardPath const&)> is_captured{};
  /// What is thrown away after acceptance (deliver = "discard"). Empty: nothing.
  std::function<bool(mail::ForwardPath const&)> is_discarded{};
  /// Whom a message goes to in the end (aliases). Empty: whom it is addressed to.
  std::function<delivery::Expanded(mail::Envelope const&, Instant)> expand{};
};

/// All references outlive the intake and every session that uses it.
std::shared_ptr<Intake> make_queue_intake(QueueRunner& runner, StoragePool& pool, Guards& guards,
                                          Clock const& clock, IntakeSettings settings);
}  // namespace pb::runtime
