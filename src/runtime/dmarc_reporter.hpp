// dmarc_reporter.hpp: keeps what DMARC found of strangers' mail, and reports it to their domains.
// Spec: RFC 9990 §2, §3 (reports), §4 (whether another domain wants them).
// Tests: dmarc_reporter_test.cpp, tests/end_to_end/dmarc_reports_test.py
// Not here: what a report says (report/dmarc_aggregate), what is found (mail_auth_intake).
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/random.hpp"
#include "report/dmarc_aggregate.hpp"
#include "runtime/files.hpp"
#include "runtime/mail_auth_intake.hpp"
#include "runtime/report_maker.hpp"
#include "runtime/resolver.hpp"

namespace pb::runtime {
struct DmarcReportSettings {
  bool on = false;  // false: nothing is collected, what there is stays
  Duration every = std::chrono::days{1};
  std::string contact;       // the author of the reports
  ReportSettings reporting;  // hostname, signing, aliases, as for bounces
};

struct DmarcReporterParts {
  Resolver& resolver;
  FileSystem& files;
  std::string data_dir;
  Clock const& clock;
  Random& random;
  Log& log;
  std::function<QueueId()> make_id;
  /// Makes one message durable in the queue.
  std::function<void(queue::NewMessage)> submit;
};

/// Counts rest in memory and, within a minute of a change, in one file of data_dir: a crash loses
/// the last minute's. A crash between a report's submission and the file's next writing sends it
/// twice. Memory and file are bounded (report::AggregateCounts).
class DmarcReporter {
 public:
  static constexpr Duration write_every = std::chrono::minutes{1};
  static constexpr std::size_t uris_max = 4;  // of one domain

  /// Everything in `parts` outlives it. Reads the file.
  explicit DmarcReporter(DmarcReporterParts parts);
  ~DmarcReporter();
  DmarcReporter(DmarcReporter const&) = delete;
  DmarcReporter& operator=(DmarcReporter const&) = delete;

  void set(DmarcReportSettings settings);
  /// From any thread. What asks for no reports, or was neither pass nor fail, is not counted.
  void add(AggregateFact const& fact);
  void start();
  /// Writes what is not written yet.
  void stop();
  /// Writes, and sends when a period is over; how many reports went. For the thread, and for tests
  /// on their clock.
  std::size_t look();

 private:
  void run();
  void write();
  std::size_t send(report::AggregateCounts const& counts, DmarcReportSettings const& settings);
  bool send_one(report::AggregateReport const& report, mail::Mailbox const& to,
                DmarcReportSettings const& settings, Instant began);
  [[nodiscard]] bool is_wanted(report::AggregatePolicy const& policy, mail::Mailbox const& to);

  DmarcReporterParts parts_;
  std::mutex mutex_;
  std::condition_variable wake_;
  DmarcReportSettings settings_;
  report::AggregateCounts counts_;
  bool changed_ = false;
  bool stopping_ = false;
  std::thread thread_;
};
}  // namespace pb::runtime
