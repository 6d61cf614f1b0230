// dmarc_aggregate.cpp: counting, and one domain's counts as XML and as a message.
// Spec: RFC 9990 §2, §3.1, Appendix A.                      Tests: dmarc_aggregate_test.cpp
// Not here: the counts on disk (dmarc_counts.cpp).
#include "report/dmarc_aggregate.hpp"

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "dns/name.hpp"
#include "mail/date.hpp"
#include "mail/transfer_encoding.hpp"

namespace pb::report {
namespace {
constexpr std::size_t value_octets_max = 255;

std::int64_t seconds_of(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

/// Character data of XML 1.0: what is no character there becomes '?'.
std::string escaped(std::string_view text) {
  std::string out;
  text = text.substr(0, value_octets_max);
  while (!text.empty()) {
    std::string_view const before = text;
    auto const character = utf8::take(text);
    if (!character) {
      text.remove_prefix(1);
      out += '?';
      continue;
    }
    auto const code = static_cast<std::uint32_t>(*character);
    bool const known = code >= 0x20 && code != 0x7F && code != 0xFFFE && code != 0xFFFF;
    if (!known)
      out += '?';
    else if (code == '<')
      out += "&lt;";
    else if (code == '>')
      out += "&gt;";
    else if (code == '&')
      out += "&amp;";
    else
      out += before.substr(0, before.size() - text.size());
  }
  return out;
}

class XmlWriter {
 public:
  void open(std::string_view name) {
    line(fmt::format("<{}>", name));
    ++depth_;
  }
  void close(std::string_view name) {
    --depth_;
    line(fmt::format("</{}>", name));
  }
  void element(std::string_view name, std::string_view value) {
    line(fmt::format("<{}>{}</{}>", name, escaped(value), name));
  }
  void optional(std::string_view name, std::string_view value) {
    if (!value.empty()) element(name, value);
  }
  void line(std::string_view text) { out_.append(2 * depth_, ' ').append(text).append("\n"); }
  std::string take() { return std::move(out_); }

 private:
  std::size_t depth_ = 0;
  std::string out_;
};

void write_metadata(XmlWriter& out, AggregateSender const& sender) {
  out.open("report_metadata");
  out.element("org_name", sender.hostname);
  out.element("email", sender.contact);
  out.element("report_id", sender.report_id);
  out.open("date_range");
  out.element("begin", std::to_string(seconds_of(sender.begin)));
  out.element("end", std::to_string(seconds_of(sender.end)));
  out.close("date_range");
  out.element("generator", "Packetboat");
  out.close("report_metadata");
}

void write_policy(XmlWriter& out, AggregatePolicy const& policy) {
  out.open("policy_published");
  out.element("domain", policy.domain);
  out.element("p", policy.policy);
  out.optional("sp", policy.subdomain);
  out.optional("np", policy.nonexistent);
  out.element("adkim", policy.dkim_strict ? "s" : "r");
  out.element("aspf", policy.spf_strict ? "s" : "r");
  out.optional("fo", policy.failure_options);
  out.element("testing", policy.testing ? "y" : "n");
  out.element("discovery_method", "treewalk");
  out.close("policy_published");
}

void write_results(XmlWriter& out, AggregateRow const& row) {
  out.open("auth_results");
  for (AggregateDkim const& one : row.dkim) {
    out.open("dkim");
    out.element("domain", one.domain);
    out.element("selector", one.selector);
    out.element("result", one.result);
    out.close("dkim");
  }
  if (!row.spf_scope.empty()) {
    out.open("spf");
    out.element("domain", row.spf_domain);
    out.element("scope", row.spf_scope);
    out.element("result", row.spf_result);
    out.close("spf");
  }
  out.close("auth_results");
}

void write_row(XmlWriter& out, AggregateRow const& row, std::uint64_t count) {
  out.open("record");
  out.open("row");
  out.element("source_ip", row.source_ip);
  out.element("count", std::to_string(count));
  out.open("policy_evaluated");
  out.element("disposition", row.disposition);
  out.element("dkim", row.dkim_aligned ? "pass" : "fail");
  out.element("spf", row.spf_aligned ? "pass" : "fail");
  if (!row.override_type.empty()) {
    out.open("reason");
    out.element("type", row.override_type);
    out.close("reason");
  }
  out.close("policy_evaluated");
  out.close("row");
  out.open("identifiers");
  out.element("header_from", row.header_from);
  out.optional("envelope_from", row.envelope_from);
  out.close("identifiers");
  write_results(out, row);
  out.close("record");
}

std::string_view path_of(std::string_view uri) {
  constexpr std::string_view scheme = "mailto:";
  if (uri.size() < scheme.size() || !ascii::iequals(uri.substr(0, scheme.size()), scheme))
    return {};
  uri.remove_prefix(scheme.size());
  return uri.substr(0, uri.find_first_of("!?"));
}
}  // namespace

std::string aggregate_xml(AggregateReport const& report, AggregateSender const& sender) {
  XmlWriter out;
  out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
  out.line("<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">");
  out.element("version", "1.0");
  write_metadata(out, sender);
  write_policy(out, report.policy);
  for (auto const& [row, count] : report.rows) write_row(out, row, count);
  out.line("</feedback>");
  return out.take();
}

std::string aggregate_file_name(AggregateReport const& report, AggregateSender const& sender) {
  return fmt::format("{}!{}!{}!{}!{}.xml.gz", sender.hostname, report.policy.domain,
                     seconds_of(sender.begin), seconds_of(sender.end), sender.report_id);
}

std::string aggregate_message(AggregateMessage const& wanted) {
  AggregateSender const& sender = wanted.sender;
  std::string const& domain = wanted.report.policy.domain;
  std::string const file = aggregate_file_name(wanted.report, sender);
  std::string out = fmt::format("From: DMARC reports <{}>\r\nTo: <{}>\r\n", sender.contact,
                                wanted.recipient.text());
  out += fmt::format("Subject: Report Domain: {}\r\n Submitter: {}\r\n Report-ID: <{}>\r\n", domain,
                     sender.hostname, sender.report_id);
  out += fmt::format("Date: {}\r\nMessage-ID: {}\r\n", mail::format_date(sender.end),
                     wanted.message_id);
  out += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  out += fmt::format("Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\n", wanted.boundary);
  out += fmt::format("--{}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", wanted.boundary);
  out += fmt::format(
      "This is a DMARC aggregate report (RFC 9990) of {}\r\nabout mail that names {} as its "
      "author's domain,\r\nfrom {} to {}.\r\n\r\n",
      sender.hostname, domain, mail::format_date(sender.begin), mail::format_date(sender.end));
  out += fmt::format(
      "--{}\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n filename=\"{}\"\r\n\r\n",
      wanted.boundary, file);
  out += mail::base64_lines(wanted.compressed);
  return out + fmt::format("--{}--\r\n", wanted.boundary);
}

std::optional<mail::Mailbox> report_mailbox(std::string_view uri) {
  std::string_view const path = path_of(uri);
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    bool const encoded = path[i] == '%' && i + 2 < path.size();
    auto const octet = encoded ? hex_decode(path.substr(i + 1, 2)) : std::nullopt;
    if (path[i] == '%' && !octet) return std::nullopt;
    decoded += octet ? octet->front() : path[i];
    if (octet) i += 2;
  }
  auto mailbox = mail::parse_mailbox(decoded, mail::Utf8::refuse);
  if (!mailbox || mailbox->domain.is_literal()) return std::nullopt;
  return std::move(*mailbox);
}

std::string report_consent_name(AggregatePolicy const& policy, mail::Mailbox const& mailbox) {
  std::string const domain = mailbox.domain.key();
  bool const same = dns::is_or_below(domain, policy.organizational_domain) ||
                    dns::is_or_below(domain, policy.domain);
  return same ? std::string{} : policy.domain + "._report._dmarc." + domain;
}
}  // namespace pb::report
