// dmarc_reporter.cpp: see dmarc_reporter.hpp.
// Spec: RFC 9990 §2.1 (fields), §4 (consent of another domain), §3.1 (mail).
#include "runtime/dmarc_reporter.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dns/name.hpp"
#include "mail/message_id.hpp"
#include "runtime/gzip.hpp"

namespace pb::runtime {
namespace {
constexpr char const* file_name = "dmarc-counts";
constexpr std::size_t file_octets_max = 64 << 20;
constexpr std::size_t signatures_max = 10;  // of one message

asio::awaitable<void> ask_into(Resolver& resolver, dns::Question question, dns::Answer& answer) {
  answer = co_await resolver.ask(std::move(question));
}

/// Waits for the answer on a loop of its own.
dns::Answer ask(Resolver& resolver, dns::Question question) {
  asio::io_context loop{1};
  dns::Answer answer = dns::Failed{dns::Failure::timeout};
  asio::co_spawn(loop, ask_into(resolver, std::move(question), answer), asio::detached);
  loop.run();
  return answer;
}

std::string_view disposition(AggregateFact const& fact) {
  if (fact.findings.dmarc.word == dmarc::Word::pass) return "pass";
  switch (fact.disposal) {
    case policy::Disposal::deliver:
      return "none";
    case policy::Disposal::junk:
    case policy::Disposal::mark:
    case policy::Disposal::hold:
      return "quarantine";
    case policy::Disposal::refuse:
      return "reject";
  }
  return "none";
}

report::AggregateRow row_of(AggregateFact const& fact) {
  MailAuthFindings const& found = fact.findings;
  report::AggregateRow row;
  if (fact.sender.ip) row.source_ip = fact.sender.ip->text();
  row.disposition = disposition(fact);
  row.dkim_aligned = found.dmarc.dkim.passed;
  row.spf_aligned = found.dmarc.spf.passed;
  bool const followed =
      row.disposition == "pass" || row.disposition == dmarc::text(found.dmarc.policy);
  if (!followed) row.override_type = fact.spared ? "trusted_forwarder" : "local_policy";
  row.header_from = found.dmarc.author_domain;
  auto const at = fact.sender.mail_from.rfind('@');
  if (at != std::string::npos) row.envelope_from = fact.sender.mail_from.substr(at + 1);
  for (dkim::SignatureResult const& one : found.dkim) {
    if (row.dkim.size() == signatures_max) break;
    row.dkim.push_back({one.domain, one.selector, std::string{dkim::text(one.word)}});
  }
  auto const& spf = found.mail_from ? found.mail_from : found.helo;
  if (!spf) return row;
  row.spf_scope = found.mail_from ? "mfrom" : "helo";
  row.spf_domain = found.mail_from ? row.envelope_from : ascii::to_lower(fact.sender.helo);
  row.spf_result = spf::text(spf->word);
  return row;
}

report::AggregatePolicy policy_of(dmarc::Result const& result) {
  dmarc::Record const& record = result.record;
  report::AggregatePolicy out;
  out.domain = result.record_domain;
  out.organizational_domain = result.organizational_domain;
  out.policy = dmarc::text(record.policy);
  if (record.subdomain) out.subdomain = dmarc::text(*record.subdomain);
  if (record.nonexistent) out.nonexistent = dmarc::text(*record.nonexistent);
  out.dkim_strict = record.dkim == dmarc::Alignment::strict;
  out.spf_strict = record.spf == dmarc::Alignment::strict;
  out.testing = record.testing;
  out.failure_options = record.failure_options;
  out.uris = record.aggregate;
  return out;
}
}  // namespace

DmarcReporter::DmarcReporter(DmarcReporterParts parts)
    : parts_{std::move(parts)}, counts_{parts_.clock.now()} {
  auto const bytes =
      read_small_file(parts_.files, parts_.data_dir + '/' + file_name, file_octets_max);
  if (!bytes) return;  // none yet
  if (auto counts = report::AggregateCounts::decode(*bytes))
    counts_ = std::move(*counts);
  else
    parts_.log.warning("dmarc-counts-unreadable", {{"file", file_name}});
}

DmarcReporter::~DmarcReporter() { stop(); }

void DmarcReporter::set(DmarcReportSettings settings) {
  {
    std::scoped_lock const guard{mutex_};
    settings_ = std::move(settings);
  }
  wake_.notify_all();
}

void DmarcReporter::add(AggregateFact const& fact) {
  dmarc::Result const& result = fact.findings.dmarc;
  bool const judged = result.word == dmarc::Word::pass || result.word == dmarc::Word::fail;
  if (!judged || result.record_domain.empty() || result.record.aggregate.empty()) return;
  report::AggregateRow row = row_of(fact);
  std::scoped_lock const guard{mutex_};
  if (!settings_.on) return;
  if (counts_.reports().empty()) counts_ = report::AggregateCounts{fact.at};
  counts_.add(policy_of(result), std::move(row));
  changed_ = true;
}

void DmarcReporter::start() {
  thread_ = std::thread{[this] { run(); }};
}

void DmarcReporter::stop() {
  {
    std::scoped_lock const guard{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  write();
}

void DmarcReporter::run() {
  for (;;) {
    look();
    std::unique_lock guard{mutex_};
    Duration const wait = std::min(write_every, std::max<Duration>(settings_.every, Duration{100}));
    wake_.wait_for(guard, wait, [this] { return stopping_; });
    if (stopping_) return;
  }
}

void DmarcReporter::write() {
  std::string bytes;
  {
    std::scoped_lock const guard{mutex_};
    if (!std::exchange(changed_, false)) return;
    bytes = counts_.encode();
  }
  if (replace_small_file(parts_.files, parts_.data_dir, file_name, bytes)) return;
  parts_.log.warning("dmarc-counts-not-written", {{"file", file_name}});
  std::scoped_lock const guard{mutex_};
  changed_ = true;
}

std::size_t DmarcReporter::look() {
  write();
  Instant const now = parts_.clock.now();
  report::AggregateCounts due{now};
  DmarcReportSettings settings;
  {
    std::scoped_lock const guard{mutex_};
    bool const over = now < counts_.began() || now - counts_.began() >= settings_.every;
    if (!settings_.on || !over || counts_.reports().empty()) return 0;
    due = std::exchange(counts_, report::AggregateCounts{now});
    changed_ = true;
    settings = settings_;
  }
  std::size_t const sent = send(due, settings);
  write();  // the file keeps them until they are in the queue
  return sent;
}

std::size_t DmarcReporter::send(report::AggregateCounts const& counts,
                                DmarcReportSettings const& settings) {
  std::size_t sent = 0;
  for (auto const& [domain, report] : counts.reports()) {
    std::size_t uris = 0;
    for (std::string const& uri : report.policy.uris) {
      if (++uris > uris_max || report.rows.empty()) break;
      auto const to = report::report_mailbox(uri);
      if (!to || !is_wanted(report.policy, *to)) continue;
      if (send_one(report, *to, settings, counts.began())) ++sent;
    }
  }
  parts_.log.info("dmarc-reports", {{"sent", std::to_string(sent)},
                                    {"domains", std::to_string(counts.reports().size())},
                                    {"left_out", std::to_string(counts.left_out())}});
  return sent;
}

/// Nobody is sent reports about somebody else's domain without asking for them (RFC 9990 §4).
bool DmarcReporter::is_wanted(report::AggregatePolicy const& policy, mail::Mailbox const& to) {
  std::string const name = report::report_consent_name(policy, to);
  if (name.empty()) return true;
  if (!dns::valid_name(name)) return false;
  auto const answer = ask(parts_.resolver, {dns::normal_name(name), dns::Type::txt});
  auto const* const found = std::get_if<dns::Found>(&answer);
  if (found == nullptr) return false;
  return std::ranges::any_of(found->records, [](dns::Record const& record) {
    auto const* const txt = std::get_if<dns::Txt>(&record);
    return txt != nullptr && dmarc::is_record(txt->text);
  });
}

bool DmarcReporter::send_one(report::AggregateReport const& report, mail::Mailbox const& to,
                             DmarcReportSettings const& settings, Instant began) {
  ReportSettings const& reporting = settings.reporting;
  Instant const now = parts_.clock.now();
  report::AggregateSender sender{reporting.hostname, settings.contact,
                                 hex_encode(parts_.random.bytes(12)), began, now};
  std::string const compressed = gzip(report::aggregate_xml(report, sender));
  if (compressed.empty()) return false;
  std::string content = report::aggregate_message(
      {report, sender, to, mail::make_message_id(now, parts_.random, reporting.hostname),
       "pb." + hex_encode(parts_.random.bytes(16)), compressed});
  queue::NewMessage made;
  queue::QueuedMessage& message = made.record.message;
  message.id = parts_.make_id();
  message.envelope.forward_paths.push_back({to, {}, {}});  // the reverse-path stays null
  if (reporting.sign) message.trace = reporting.sign(content);
  message.accepted_at = now;
  message.expires_at = now + reporting.expire_after;
  message.listener = "dmarc-report";
  message.body_octets = content.size();
  made.record.inline_octets = content.size();
  if (reporting.expand)
    message.envelope.forward_paths = reporting.expand(message.envelope, now).forward_paths;
  for (mail::ForwardPath const& path : message.envelope.forward_paths) {
    bool const captured = reporting.is_captured && reporting.is_captured(path);
    made.record.captured = made.record.captured || captured;
    made.record.phases.push_back(captured ? queue::Phase::delivered : queue::Phase::due);
  }
  made.inline_bytes = std::move(content);
  parts_.log.info(
      "dmarc-report",
      {{"message", message.id.text()}, {"domain", report.policy.domain}, {"to", to.text()}});
  parts_.submit(std::move(made));
  return true;
}
}  // namespace pb::runtime
