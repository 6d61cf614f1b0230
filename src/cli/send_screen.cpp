// send_screen.cpp: one sentence first, then what was tried, then the line to type next.
// Spec: docs/reference/command-line.md.                                    Tests: send_test.cpp
#include "cli/send_screen.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "cli/send_messages.hpp"
#include "runtime/dialer.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
namespace client = smtp::client;
namespace json = boost::json;
using advisor::Sent;
using client::Fault;
using client::Phase;

std::string place(text::Language language, Phase phase) {
  switch (phase) {
    case Phase::connect:
      return std::string{send_text("at_connect").in(language)};
    case Phase::tls:
      return std::string{send_text("at_tls").in(language)};
    case Phase::greeting:
      return std::string{send_text("at_greeting").in(language)};
    case Phase::ehlo:
      return "EHLO";
    case Phase::starttls:
      return "STARTTLS";
    case Phase::auth:
    case Phase::idle:
      return std::string{send_text("at_auth").in(language)};
    case Phase::rset:
      return "RSET";
    case Phase::mail:
      return "MAIL FROM";
    case Phase::rcpt:
      return "RCPT TO";
    case Phase::data:
      return "DATA";
    case Phase::body:
      return std::string{send_text("at_body").in(language)};
    case Phase::end_of_data:
      return std::string{send_text("at_end").in(language)};
    case Phase::quit:
      return "QUIT";
  }
  return {};
}

std::string why_not_connected(text::Language language, std::string_view detail) {
  using runtime::DialError;
  using runtime::name_of;
  if (detail == name_of(DialError::refused))
    return std::string{send_text("why_refused").in(language)};
  if (detail == name_of(DialError::unreachable))
    return std::string{send_text("why_unreachable").in(language)};
  if (detail == name_of(DialError::local)) return std::string{send_text("why_local").in(language)};
  return std::string{send_text("why_no_answer").in(language)};
}

std::string said(text::Language language, client::Transcript const& transcript) {
  std::string const reply = transcript.reply ? transcript.reply->display(200) : std::string{};
  return text::say(language, send_text("why_said"), place(language, transcript.phase), reply);
}

std::string in_clear_words(text::Language language, Sent sent, std::string const& host,
                           runtime::SubmitAttempt const& last) {
  std::string const encryption{advisor::label(last.way.security)};
  auto const with = [&](text::Text const& text) {
    return text::say(language, text, host, last.way.port, encryption);
  };
  switch (sent) {
    case Sent::all:
      return with(send_text("all"));
    case Sent::some:
      return with(send_text("some"));
    case Sent::refused:
      return with(send_text("refused"));
    case Sent::not_yet:
      return with(send_text("not_yet"));
    case Sent::danger:
      return with(send_text("danger"));
    case Sent::login:
      return with(send_text("login"));
    case Sent::uncertain:
      return with(send_text("uncertain"));
  }
  return {};
}

std::string tried_line(text::Language language, runtime::SubmitAttempt const& attempt) {
  std::string_view const tls = attempt.said.tls;
  std::string out = fmt::format("{} {}", attempt.way.port, advisor::label(attempt.way.security));
  if (!tls.empty()) out += fmt::format(", {}", tls.substr(0, tls.find(' ')));
  return fmt::format("{}, {}: {}", out, attempt.said.remote, why(language, attempt.transcript));
}

std::string recipient_lines(text::Language language, SendReport const& report) {
  auto const& results = report.result.attempts.back().transcript.recipients;
  text::Table table{4};
  for (std::size_t i = 0; i < results.size() && i < report.recipients.size(); ++i) {
    if (!results[i].reply) continue;
    table.row({report.recipients[i], results[i].delivered()
                                         ? std::string{send_text("recipient_ok").in(language)}
                                         : results[i].reply->display(200)});
  }
  return table.render(80);
}

std::string next_line(text::Language language, Sent sent, SendReport const& report) {
  if (sent == Sent::all || sent == Sent::some) return {};
  auto const& last = report.result.attempts.back().transcript;
  std::string const next{send_text("next").in(language)};
  if (last.reply)
    return fmt::format("{} packetboat explain \"{}\"\n", next, last.reply->display(60));
  return fmt::format("{} packetboat probe {}\n", next, report.host);
}

json::object attempt_json(runtime::SubmitAttempt const& attempt) {
  auto const& transcript = attempt.transcript;
  json::object out{{"port", attempt.way.port},
                   {"security", std::string{advisor::name(attempt.way.security)}},
                   {"address", attempt.said.remote},
                   {"tls", attempt.said.tls},
                   {"phase", std::string{client::name_of(transcript.phase)}},
                   {"fault", std::string{client::name_of(transcript.fault)}}};
  out["reply"] = transcript.reply ? json::value(transcript.reply->display()) : json::value{};
  out["detail"] = escape_for_display(transcript.detail);
  return out;
}
}  // namespace

std::string why(text::Language language, client::Transcript const& transcript) {
  auto const plain = [&](text::Text const& text) { return std::string{text.in(language)}; };
  std::string const detail = escape_for_display(transcript.detail, 120);
  switch (transcript.fault) {
    case Fault::none:
      for (auto const& one : transcript.recipients) {
        if (one.reply && !one.delivered())
          return text::say(language, send_text("why_said"), place(language, one.phase),
                           one.reply->display(200));
      }
      return plain(send_text("worked"));
    case Fault::connect_failed:
      return why_not_connected(language, transcript.detail);
    case Fault::timeout:
      if (transcript.phase == Phase::connect) return plain(send_text("why_no_answer"));
      return text::say(language, send_text("why_silent"), place(language, transcript.phase));
    case Fault::connection_lost:
      return text::say(language, send_text("why_closed"), place(language, transcript.phase));
    case Fault::bad_reply:
      return text::say(language, send_text("why_not_smtp"), place(language, transcript.phase));
    case Fault::service_closing:
    case Fault::refused:
    case Fault::auth_refused:
    case Fault::auth_deferred:
      return said(language, transcript);
    case Fault::tls_failed:
      return text::say(language, send_text("why_tls_failed"), detail);
    case Fault::tls_untrusted:
      return text::say(language, send_text("why_untrusted"), detail);
    case Fault::tls_missing:
      return transcript.reply ? said(language, transcript) : plain(send_text("why_no_tls"));
    case Fault::injected_plaintext:
      return plain(send_text("why_injected"));
    case Fault::auth_missing:
      return plain(send_text("why_no_login"));
    case Fault::auth_unproven:
      return plain(send_text("why_unproven"));
    case Fault::too_large:
      return plain(send_text("why_too_large"));
    case Fault::eight_bit_missing:
    case Fault::utf8_address_unsupported:
    case Fault::utf8_header_unsupported:
    case Fault::deliverby_missing:
      return plain(send_text("why_utf8"));
    case Fault::body_failed:
    case Fault::cancelled:
      return plain(send_text("why_stopped"));
  }
  return {};
}

Sent judged(SendReport const& report) {
  auto const& last = report.result.attempts.back().transcript;
  if (report.only_login && last.fault == Fault::none) return Sent::all;
  return advisor::judge_sending(last);
}

std::string send_screen(text::Language language, SendReport const& report, unsigned columns) {
  Sent const sent = judged(report);
  auto const& last = report.result.attempts.back();
  std::string sentence = in_clear_words(language, sent, report.host, last);
  if (report.only_login && sent == Sent::all)
    sentence =
        text::say(language, report.with_login ? send_text("login_works") : send_text("reached"),
                  report.host, last.way.port, advisor::label(last.way.security));
  std::string out = text::paragraph("", sentence, columns);
  if (sent != Sent::all && !report.only_login) out += recipient_lines(language, report);
  bool const plain_success = sent == Sent::all && report.result.attempts.size() == 1;
  if (!plain_success) {
    out += fmt::format("  {}\n", send_text("tried").in(language));
    for (auto const& attempt : report.result.attempts)
      out += text::paragraph("    ", tried_line(language, attempt), columns);
  }
  return out + next_line(language, sent, report);
}

std::string send_json(SendReport const& report) {
  json::array attempts, recipients;
  for (auto const& attempt : report.result.attempts) attempts.push_back(attempt_json(attempt));
  auto const& results = report.result.attempts.back().transcript.recipients;
  for (std::size_t i = 0; i < results.size() && i < report.recipients.size(); ++i) {
    json::object row{{"address", report.recipients[i]}, {"taken", results[i].delivered()}};
    row["reply"] = results[i].reply ? json::value(results[i].reply->display()) : json::value{};
    recipients.push_back(std::move(row));
  }
  return json::serialize(json::object{{"schema", "packetboat.send/1"},
                                      {"host", report.host},
                                      {"sent", std::string{advisor::name(judged(report))}},
                                      {"attempts", std::move(attempts)},
                                      {"recipients", std::move(recipients)}}) +
         '\n';
}
}  // namespace pb::cli
