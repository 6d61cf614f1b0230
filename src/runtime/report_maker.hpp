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
#include "runtime/queue_runner.hpp"
#include "text/language.hpp"

namespace pb::runtime {
struct ReportSettings {
  std::string hostname;
  Duration expire_after = std::chrono::days{5};
  /// By the domain of the reverse-path (key form); empty: English.
  std::function<text::Language(std::string const& domain)> language_of;
};

/// Makes the report on the calling thread (the message's header is in memory or one read away) and
/// submits it; a message that cannot be read is reported on without its header.
class ReportMaker final : public ReportSink {
 public:
  /// Everything outlives it.
  ReportMaker(QueueRunner& runner, ReportSettings settings, Clock const& clock, Random& random,
              Log& log);
  void report(queue::ReportRequest request) override;

 private:
  [[nodiscard]] std::string content_of(queue::QueuedMessage const& message);
  [[nodiscard]] queue::NewMessage make(queue::ReportRequest const& request);

  QueueRunner& runner_;
  ReportSettings const settings_;
  Clock const& clock_;
  Log& log_;
  std::mutex random_mutex_;
  Random& random_;
};
}  // namespace pb::runtime
