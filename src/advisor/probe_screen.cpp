// probe_screen.cpp: see probe_screen.hpp.
// Spec: docs/terms.md for the words.
// Tests: tests/fault_lab
#include "advisor/probe_screen.hpp"

#include <algorithm>
#include <chrono>

#include "advisor/messages.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
using text::Language;
using text::say;
namespace {
constexpr std::size_t width = 80;
constexpr std::int64_t day = 24 * 60 * 60;

std::string joined(std::vector<std::string> const& parts, Language language) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    bool const last = i + 1 == parts.size();
    std::string_view const comma = language == Language::en ? ", " : "、";
    std::string_view const conjunction = language == Language::en        ? " and "
                                         : language == Language::zh_hant ? " 和 "
                                                                         : " 和 ";
    if (i > 0) out += last ? conjunction : comma;
    out += parts[i];
  }
  return out;
}

std::string encryption_cell(Language language, AttemptFacts const& attempt,
                            AttemptVerdict const& verdict) {
  switch (verdict.security) {
    case Security::starttls:
    case Security::implicit_tls:
      return fmt::format("{}, {}", label(verdict.security), attempt.tls.version);
    case Security::cleartext:
      return std::string{msg("cell.none").in(language)};
    case Security::none:
      return "-";
  }
  return "-";
}

std::string mechanisms(AttemptFacts const& attempt) {
  std::string out;
  for (auto const& mechanism : attempt.after.auth) {
    if (out.size() > 30) break;
    out += (out.empty() ? "" : " ") + escape_for_display(mechanism, 20);
  }
  return out;
}

std::string silence_cell(Language language, ProbeFacts const& facts, AttemptFacts const& attempt) {
  auto const seconds = std::max<std::int64_t>(1, attempt.connect.took.count() / 1000);
  for (auto const& control : facts.controls) {
    bool const same =
        control.role == ControlFacts::Role::other_server && control.port == attempt.endpoint.port;
    if (!same) continue;
    if (control.attempt.connect.tcp == Tcp::open) {
      return say(language, msg("cell.silent_only"), seconds, control.host);
    }
    if (control.attempt.connect.tcp == Tcp::timeout) {
      return say(language, msg("cell.silent_both"), seconds, control.host);
    }
  }
  return say(language, msg("cell.silent"), seconds);
}

std::string happened_cell(Language language, ProbeFacts const& facts, AttemptFacts const& attempt,
                          AttemptVerdict const& verdict) {
  if (attempt.connect.tcp == Tcp::timeout) return silence_cell(language, facts, attempt);
  if (!verdict.faults.empty()) return std::string{info(verdict.faults.front()).title.in(language)};
  if (attempt.tls.chain.empty()) return "-";
  auto const days = (attempt.tls.chain.front().not_after - facts.now) / day;
  std::string out = say(language, msg("cell.valid_days"), days);
  auto const login = mechanisms(attempt);
  if (!login.empty()) {
    out += (language == Language::en ? "; " : "；") + say(language, msg("cell.login_with"), login);
  }
  return out;
}

std::vector<PortFacts const*> in_wanted_order(ProbeFacts const& facts, Verdict const& verdict) {
  std::vector<PortFacts const*> out;
  for (auto number : verdict.wanted) {
    auto const port = std::ranges::find(facts.ports, number, &PortFacts::port);
    if (port != facts.ports.end()) out.push_back(&*port);
  }
  for (auto const& port : facts.ports) {
    if (std::ranges::find(out, &port) == out.end()) out.push_back(&port);
  }
  return out;
}

bool both_families(ProbeFacts const& facts) {
  return std::ranges::any_of(facts.ports, [](auto const& p) { return p.attempts.size() > 1; });
}

std::string matrix(Language language, ProbeFacts const& facts, Verdict const& verdict) {
  text::Table table;
  bool const both = both_families(facts);
  std::vector<std::string> head{std::string{msg("col.port").in(language)}};
  bool const v6_only = !facts.ports.empty() && !facts.ports.front().attempts.empty() &&
                       facts.ports.front().attempts.front().endpoint.address.is_v6();
  head.emplace_back(v6_only ? "IPv6" : "IPv4");
  if (both) head.emplace_back("IPv6");
  head.emplace_back(msg("col.encryption").in(language));
  head.emplace_back(msg("col.happened").in(language));
  table.row(head);
  for (auto const* port : in_wanted_order(facts, verdict)) {
    auto const row = std::ranges::find(verdict.ports, port->port, &PortVerdict::port);
    if (row == verdict.ports.end() || row->attempts.empty()) continue;
    auto const index = static_cast<std::size_t>(row->deciding() - row->attempts.data());
    std::vector<std::string> cells{fmt::format("{}", port->port)};
    for (auto const& attempt : port->attempts)
      cells.push_back(tcp_cell(language, attempt.connect.tcp));
    if (both && port->attempts.size() == 1) cells.emplace_back("-");
    auto const& attempt = port->attempts[index];
    bool const relay = port->port == 25 && row->attempts[index].faults.empty();
    cells.push_back(encryption_cell(language, attempt, row->attempts[index]));
    cells.push_back(relay ? std::string{msg("cell.only_servers").in(language)}
                          : happened_cell(language, facts, attempt, row->attempts[index]));
    table.row(cells);
  }
  for (auto const& control : facts.controls) {
    bool const web =
        control.role == ControlFacts::Role::web_port && control.attempt.connect.tcp == Tcp::open;
    if (!web || verdict.outcome == Outcome::first_choice) continue;
    std::vector<std::string> cells{"443", tcp_cell(language, control.attempt.connect.tcp), "-"};
    if (both) cells.insert(cells.begin() + 2, "-");
    cells.emplace_back(msg("cell.control").in(language));
    table.row(cells);
  }
  return table.render(width);
}

std::string ports_text(std::vector<std::uint16_t> const& ports, Language language) {
  std::vector<std::string> texts;
  for (auto port : ports) {
    if (port != 25) texts.push_back(fmt::format("{}", port));
  }
  if (texts.empty()) texts.emplace_back("25");
  return joined(texts, language);
}

std::string labelled_paragraph(std::string_view label, std::string_view text) {
  return text::paragraph("  " + std::string{label} + " ", text, width);
}
}  // namespace

std::string tcp_cell(Language language, Tcp tcp) {
  switch (tcp) {
    case Tcp::open:
      return std::string{msg("cell.open").in(language)};
    case Tcp::refused:
      return std::string{msg("cell.refused").in(language)};
    case Tcp::timeout:
      return std::string{msg("cell.no_answer").in(language)};
    case Tcp::unreachable:
      return std::string{msg("cell.unreachable").in(language)};
    case Tcp::local_policy:
      return std::string{msg("cell.local").in(language)};
    case Tcp::unknown:
      return "-";
  }
  return "-";
}

std::string time_text(std::int64_t seconds) {
  std::chrono::sys_seconds const time{std::chrono::seconds{seconds}};
  auto const date = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day const ymd{date};
  std::chrono::hh_mm_ss const clock{time - date};
  return fmt::format("{}-{:02}-{:02} {:02}:{:02}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                     clock.hours().count(), clock.minutes().count());
}

std::string probe_sentence(Language language, ProbeFacts const& facts, Verdict const& verdict) {
  (void)facts;
  if (!verdict.advice) {
    if (verdict.cause) return std::string{info(*verdict.cause).advice.in(language)};
    return std::string{info(Fault::host_silent).advice.in(language)};
  }
  auto const& advice = *verdict.advice;
  auto const use = label(advice.security);
  if (!verdict.cause) {
    bool const usual = advice.port == 587 || advice.port == 465;
    return say(language, usual ? msg("probe.use_open") : msg("probe.use_only"), advice.port, use);
  }
  if (info(*verdict.cause).kind == Kind::network && !verdict.blocked.empty()) {
    return say(language, msg("probe.use_blocked"), advice.port, use,
               ports_text(verdict.blocked, language));
  }
  if (*verdict.cause == Fault::starttls_stripped) {
    return say(language, msg("probe.use_stripped"), advice.port, use, verdict.cause_port);
  }
  return say(language, msg("probe.use_other"), advice.port, use, verdict.cause_port,
             info(*verdict.cause).title.in(language));
}

namespace {
std::string notes_text(Language language, Verdict const& verdict) {
  std::vector<Fault> notes = verdict.notes;
  for (auto const& port : verdict.ports) {
    for (auto const& attempt : port.attempts) {
      for (auto note : attempt.notes) {
        if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
      }
    }
  }
  std::string out;
  for (auto note : notes) {
    out += labelled_paragraph(msg("probe.note").in(language), info(note).title.in(language));
  }
  return out;
}

std::string cause_text(Language language, ProbeFacts const& facts, Verdict const& verdict) {
  if (!verdict.cause) return {};
  auto const& fault = info(*verdict.cause);
  std::string const title =
      verdict.cause_port == 0
          ? std::string{fault.title.in(language)}
          : say(language, msg("probe.on_port"), verdict.cause_port, fault.title.in(language));
  std::string out = labelled_paragraph(msg("probe.cause").in(language), title);
  if (!verdict.blocked.empty()) {
    out +=
        text::paragraph("  ",
                        say(language, msg("probe.where_here"), escape_for_display(facts.host, 80),
                            ports_text(verdict.blocked, language)),
                        width);
  }
  if (verdict.advice) out += text::paragraph("  ", fault.advice.in(language), width);
  if (fault.fault == Fault::name_not_found) {
    auto const near = near_host(facts.host);
    if (!near.empty()) out += text::paragraph("  ", say(language, msg("probe.near"), near), width);
  }
  return out;
}

std::string use_text(Language language, ProbeFacts const& facts, Verdict const& verdict) {
  if (!verdict.advice) return {};
  auto const& advice = *verdict.advice;
  std::string line = say(language, msg("probe.fields"), escape_for_display(facts.host, 80),
                         advice.port, label(advice.security));
  if (advice.security == Security::starttls) {
    line += " " + std::string{msg("probe.often_tls").in(language)};
  }
  std::string out = text::paragraph("  ", line, width);
  if (verdict.fallback) {
    out += text::paragraph("  ",
                           say(language, msg("probe.fallback"), advice.port, verdict.fallback->port,
                               label(verdict.fallback->security)),
                           width);
  }
  return out;
}

/// No forward secrecy, or a part that is broken (RFC 9325 §4.1).
bool is_weak(std::string_view cipher) {
  bool const forward =
      cipher.starts_with("ECDHE-") || cipher.starts_with("DHE-") || cipher.starts_with("TLS_");
  return !forward || cipher.contains("RC4") || cipher.contains("DES") || cipher.contains("MD5") ||
         cipher.contains("NULL") || cipher.contains("EXP");
}

std::string deep_text(Language language, ProbeFacts const& facts) {
  if (facts.swept.empty()) return {};
  text::Table table{4};
  std::string weak;
  bool old = false;
  for (auto const& one : facts.swept) {
    std::string ciphers;
    for (auto const& cipher : one.ciphers) {
      ciphers += (ciphers.empty() ? "" : " ") + cipher;
      if (is_weak(cipher) && !weak.contains(cipher)) weak += (weak.empty() ? "" : " ") + cipher;
    }
    old = old || (one.spoken && (one.version == "TLS 1.0" || one.version == "TLS 1.1"));
    table.row({one.version, one.spoken ? ciphers : std::string{msg("deep.refused").in(language)}});
  }
  std::string out =
      "\n  " + say(language, msg("deep.title"), facts.swept_port) + "\n" + table.render(width);
  if (old) out += text::paragraph("  ", msg("deep.old").in(language), width);
  if (!weak.empty()) out += text::paragraph("  ", say(language, msg("deep.weak"), weak), width);
  return out;
}

std::string login_text(Language language, ProbeFacts const& facts) {
  for (auto const& port : facts.ports) {
    for (auto const& attempt : port.attempts) {
      if (attempt.login == Login::accepted) {
        return "\n" + std::string{msg("probe.login_ok").in(language)} + "\n";
      }
    }
  }
  return {};
}

std::string next_text(Language language, ProbeFacts const& facts, Verdict const& verdict) {
  std::string const host = escape_for_display(facts.host, 80);
  std::string const label = std::string{msg("advise.next").in(language)} + "  ";
  std::string const indent(utf8::columns(label), ' ');
  if (!verdict.advice) {
    // With a name that leads nowhere there is nobody to write to: the right host is to be found.
    bool const no_host = std::ranges::any_of(verdict.name_faults, [](Fault fault) {
      return fault == Fault::name_malformed || fault == Fault::name_not_found ||
             fault == Fault::name_has_no_address;
    });
    if (no_host) return label + "packetboat advise\n";
    return fmt::format("{}packetboat probe {} --letter\n", label,
                       escape_for_display(facts.target, 80));
  }
  std::string const port = verdict.outcome == Outcome::first_choice
                               ? std::string{}
                               : fmt::format(" --port {}", verdict.advice->port);
  std::string const second = verdict.outcome == Outcome::first_choice
                                 ? fmt::format("packetboat probe {} --login you@example.com", host)
                                 : fmt::format("packetboat probe {} --letter", host);
  std::string first = fmt::format("{}packetboat settings {}{} --for wordpress", label, host, port);
  constexpr std::string_view list = "   (--for list)";
  if (utf8::columns(first) + list.size() <= width) first += list;
  return fmt::format("{}\n{}{}\n", first, indent, second);
}
}  // namespace

std::string probe_screen(Language language, ProbeFacts const& facts, Verdict const& verdict) {
  std::string addresses;
  for (auto const& address : facts.name.addresses) {
    if (addresses.size() > 60) break;
    addresses += (addresses.empty() ? "" : ", ") + address.text();
  }
  std::string title = escape_for_display(facts.host, 80);
  if (!addresses.empty()) {
    title += language == Language::en ? " (" + addresses + ")" : "（" + addresses + "）";
  }
  std::string out = text::paragraph(
      "", say(language, msg("probe.from_here"), title, time_text(facts.now)), width);
  out += "\n";
  if (!verdict.ports.empty()) out += matrix(language, facts, verdict) + "\n";
  out += text::paragraph("", probe_sentence(language, facts, verdict), width);
  std::string details = use_text(language, facts, verdict) + cause_text(language, facts, verdict) +
                        notes_text(language, verdict);
  if (!details.empty()) out += "\n" + details;
  out += deep_text(language, facts) + login_text(language, facts);
  return out + "\n" + next_text(language, facts, verdict);
}

std::string probe_letter(Language language, ProbeFacts const& facts, Verdict const& verdict) {
  if (!verdict.cause) return std::string{msg("letter.nothing").in(language)} + "\n";
  std::string const host = escape_for_display(facts.host, 80);
  bool const network = !verdict.blocked.empty();
  std::string const ports =
      network ? ports_text(verdict.blocked, language) : fmt::format("{}", verdict.cause_port);
  std::string out =
      say(language, msg("letter.subject"), ports) + "\n\n" +
      std::string{msg("letter.hello").in(language)} + "\n\n" +
      text::paragraph("", say(language, msg("letter.measured"), time_text(facts.now), host),
                      width) +
      "\n" + matrix(language, facts, verdict) + "\n";
  auto const title = info(*verdict.cause).title.in(language);
  out += text::paragraph(
      "",
      network ? say(language, msg("letter.ask_open"), host, ports)
              : say(language, msg("letter.ask_server"), verdict.cause_port, host, title),
      width);
  return out + "\n" + std::string{msg("letter.thanks").in(language)} + "\n";
}

std::string see_yourself(ProbeFacts const& facts, Verdict const& verdict, std::string_view os) {
  std::string const host = escape_for_display(facts.host, 80);
  std::uint16_t const port = verdict.advice            ? verdict.advice->port
                             : verdict.cause_port != 0 ? verdict.cause_port
                                                       : std::uint16_t{587};
  auto const* known = find_port(port);
  bool const implicit = known != nullptr && known->security == Security::implicit_tls;
  std::string const tls =
      fmt::format("openssl s_client -connect {}:{}{} -servername {} -verify_hostname {}\n", host,
                  port, implicit ? "" : " -starttls smtp", host, host);
  if (os == "windows") return fmt::format("Test-NetConnection {} -Port {}\n{}", host, port, tls);
  return fmt::format("nc -vz {} {} {}\n{}", os == "macos" ? "-G 5" : "-w 5", host, port, tls);
}
}  // namespace pb::advisor
