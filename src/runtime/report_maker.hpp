// report_maker.hpp: the queue's wish for a report becomes a message of its own, with <> as sender.
// Spec: RFC 3461 §6, RFC 3464; ARCHITECTURE.md stage 9.              Tests: report_maker_test.cpp
// Not here: the words (report/), when a report is wanted (queue/).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/log.hpp"
#include "base/random.hpp"
#include "delivery/expansion.hpp"
#include "runtime/queue_runner.hpp"
#include "text/language.hpp"

namespace pb::runtime {
struct ReportSettings {
  std::string hostname;
  Duration expire_after = std::chrono::days{5};
  /// By the domain of the reverse-path (key form); empty: English.
  std::function<text::Language(std::string const& domain)> language_of;
  /// Whether mail to this address is kept for the inbox. Empty: none is.
  std::function<bool(mail::ForwardPath const&)> is_captured;
  /// Whom the report goes to in the end (aliases). Empty: to the reverse-path.
  std::function<delivery::Expanded(mail::Envelope const&, Instant)> expand;
  /// "DKIM-Signature: ...\r\n" for a whole message of ours, or nothing (dkim_signer.hpp).
  std::function<std::string(std::string_view message)> sign;
};

/// Makes the report on the calling thread (it reads the message) and submits it; a message that
/// cannot be read is reported on without its header. Any thread, several at once.
class ReportMaker final : public ReportSink {
 public:
  /// Everything outlives it.
  ReportMaker(QueueRunner& runner, ReportSettings settings, Clock const& clock, Random& random,
              Log& log);
  void report(queue::ReportRequest request) override;
  /// From the next report on.
  void reload(ReportSettings settings);

 private:
  [[nodiscard]] std::string content_of(queue::QueuedMessage const& message);
  [[nodiscard]] queue::NewMessage make(queue::ReportRequest const& request);
  [[nodiscard]] std::shared_ptr<ReportSettings const> settings() const;

  QueueRunner& runner_;
  Clock const& clock_;
  Log& log_;
  mutable std::mutex mutex_;  // of what follows
  Random& random_;
  std::shared_ptr<ReportSettings const> settings_;  // shared: a report keeps what it began with
};
}  // namespace pb::runtime
