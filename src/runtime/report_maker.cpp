// report_maker.cpp: reads what the report needs, has it made, hands it to the queue.
// Spec: RFC 3461 §6.                                              Tests: report_maker_test.cpp
#include "runtime/report_maker.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "mail/message_id.hpp"
#include "report/dsn.hpp"
#include "runtime/message_bytes.hpp"
#include "runtime/queue_loader.hpp"

namespace pb::runtime {
ReportMaker::ReportMaker(QueueRunner& runner, ReportSettings settings, Clock const& clock,
                         Random& random, Log& log)
    : runner_{runner},
      clock_{clock},
      log_{log},
      random_{random},
      settings_{std::make_shared<ReportSettings const>(std::move(settings))} {}

void ReportMaker::reload(ReportSettings settings) {
  auto next = std::make_shared<ReportSettings const>(std::move(settings));
  std::lock_guard const lock{mutex_};
  settings_ = std::move(next);
}

std::shared_ptr<ReportSettings const> ReportMaker::settings() const {
  std::lock_guard const lock{mutex_};
  return settings_;
}

std::string ReportMaker::content_of(queue::QueuedMessage const& message) {
  auto const loaded = load_message(runner_.store(), message.id);
  if (!loaded || !*loaded) return {};
  MessageBytes bytes{(*loaded)->message, (*loaded)->inline_bytes, runner_.store().body_files()};
  bool const full = report::full_wanted(message);
  std::uint64_t const wanted =
      full ? report::full_content_octets_max : limits::header_section_octets_max;
  std::string content;
  while (content.size() < wanted) {
    auto const part = bytes.read(content.size(), 64 * 1024);
    if (!part || part->empty()) break;
    std::size_t const from = content.size() < 3 ? 0 : content.size() - 3;
    content += *part;
    if (!full && content.find("\r\n\r\n", from) != std::string::npos) break;
  }
  return content;
}

queue::NewMessage ReportMaker::make(queue::ReportRequest const& request) {
  queue::QueuedMessage const& about = *request.message;
  std::shared_ptr<ReportSettings const> const wanted = settings();
  Instant const now = clock_.now();
  std::string boundary = "pb.";
  std::string message_id;
  queue::NewMessage out;
  queue::QueuedMessage& report = out.record.message;
  {
    std::lock_guard const lock{mutex_};
    report.id = runner_.make_id();
    boundary += hex_encode(random_.bytes(16));
    message_id = mail::make_message_id(now, random_, wanted->hostname);
  }
  std::string const content = content_of(about);
  text::Language language = text::Language::en;
  if (wanted->language_of)
    language = wanted->language_of(about.envelope.reverse_path.mailbox->domain.key());
  report::Dsn dsn =
      report::make_dsn({request, wanted->hostname, language, now, boundary, message_id, content});
  report.envelope.forward_paths.push_back({*about.envelope.reverse_path.mailbox, {}, {}});
  report.envelope.smtputf8 = dsn.smtputf8;
  if (dsn.eight_bit) report.envelope.body_type = mail::BodyType::eight_bit_mime;
  if (wanted->sign) report.trace = wanted->sign(dsn.content);
  report.accepted_at = now;
  report.expires_at = now + wanted->expire_after;
  report.listener = "report";
  report.eight_bit = dsn.eight_bit;
  report.body_octets = dsn.content.size();
  out.record.inline_octets = dsn.content.size();
  if (wanted->expand)
    report.envelope.forward_paths = wanted->expand(report.envelope, now).forward_paths;
  for (mail::ForwardPath const& path : report.envelope.forward_paths) {
    bool const captured = wanted->is_captured && wanted->is_captured(path);
    out.record.captured = out.record.captured || captured;
    out.record.phases.push_back(captured ? queue::Phase::delivered : queue::Phase::due);
  }
  out.inline_bytes = std::move(dsn.content);
  out.report_of.emplace();
  out.report_of->id = request.id;
  for (queue::ReportItem const& item : request.items)
    out.report_of->recipients.push_back(item.recipient);
  return out;
}

void ReportMaker::report(queue::ReportRequest request) {
  if (!request.message) {
    auto loaded = load_message(runner_.store(), request.id);
    if (loaded && *loaded) request.message = (*loaded)->message;
  }
  std::vector<std::uint32_t> recipients;
  for (queue::ReportItem const& item : request.items) recipients.push_back(item.recipient);
  bool const nobody = !request.message || request.message->envelope.reverse_path.is_null();
  if (nobody || request.items.empty()) {
    return runner_.reported({request.id, std::move(recipients)});
  }
  queue::NewMessage made = make(request);
  log_.info("report", {{"message", request.id.text()}, {"report", made.record.message.id.text()}});
  // A report that cannot be made durable stays due; it is asked for again at the next start.
  runner_.accept(std::move(made), [](queue::CommitVerdict) {});
}
}  // namespace pb::runtime
