// verify.cpp: `packetboat verify`: everything that can be said of who sent a message, and why.
// Spec: docs/reference/command-line.md; RFC 8601 (words).
// Not here: one mechanism alone (spf.cpp, dkim.cpp, dmarc.cpp, arc.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/verify_input.hpp"
#include "cli/verify_json.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct Options {
  std::string file;
  VerifyCommon common;
  VerifySender sender;
};

std::string shown(std::string_view text) { return escape_for_display(text, 200); }

json::object as_json(runtime::MailAuthFindings const& findings,
                     runtime::MailAuthSender const& sender) {
  json::object out{{"schema", "packetboat.verify/1"}};
  json::array spf;
  if (findings.mail_from) {
    json::object one = json_of(*findings.mail_from);
    one["identity"] = "mailfrom";
    spf.push_back(std::move(one));
  }
  if (findings.helo) {
    json::object one = json_of(*findings.helo);
    one["identity"] = "helo";
    spf.push_back(std::move(one));
  }
  out["spf"] = std::move(spf);
  json::array dkim;
  for (dkim::SignatureResult const& result : findings.dkim) dkim.push_back(json_of(result));
  out["dkim"] = std::move(dkim);
  out["arc"] = json_of(findings.arc);
  out["dmarc"] = json_of(findings.dmarc);
  if (findings.reverse) {
    out["iprev"] = {{"result", spf::text(findings.reverse->word)},
                    {"name", shown(findings.reverse->name)}};
  }
  out["authentication_results"] =
      authres::write(runtime::results_of(findings, sender, "localhost"));
  out["questions"] = questions_json(findings.facts);
  return out;
}

void add_spf(text::Table& table, char const* identity, spf::Result const& result) {
  std::string why = result.problem;
  if (why.empty() && !result.mechanism.empty()) why = "matched " + shown(result.mechanism);
  if (why.empty()) why = "nothing in the record matched";
  if (!result.explanation.empty()) why += "; it says: " + shown(result.explanation);
  table.row({"spf", std::string{spf::text(result.word)},
             fmt::format("{} {}: {}", identity, shown(result.domain), why)});
}

void add_dkim(text::Table& table, dkim::SignatureResult const& result) {
  std::string about = fmt::format("d={} s={}", shown(result.domain), shown(result.selector));
  if (!result.algorithm.empty()) about += " " + result.algorithm;
  if (result.key_bits > 0) about += fmt::format(" {} bits", result.key_bits);
  if (result.problem != dkim::Problem::none) {
    about += fmt::format(": {}", dkim::problem_text(result.problem));
  }
  if (result.unsigned_octets > 0) {
    about += fmt::format("; {} octets of the body are not signed", result.unsigned_octets);
  }
  table.row({"dkim", std::string{dkim::text(result.word)}, about});
}

std::string dmarc_text(dmarc::Result const& result) {
  if (!result.problem.empty()) return shown(result.author_domain) + ": " + result.problem;
  std::string aligned = "nothing that passed belongs to it";
  if (result.dkim.passed) aligned = "signed for " + shown(result.dkim.domain);
  if (result.spf.passed) aligned = "sent for " + shown(result.spf.domain);
  return fmt::format("{}: {}; p={} at {}", shown(result.author_domain), aligned,
                     dmarc::text(result.published), shown(result.record_domain));
}

void print(runtime::MailAuthFindings const& findings, Terminal& terminal) {
  text::Table table;
  if (findings.mail_from) add_spf(table, "mailfrom", *findings.mail_from);
  if (findings.helo) add_spf(table, "helo", *findings.helo);
  if (findings.dkim.empty()) table.row({"dkim", "none", "the message is not signed"});
  for (dkim::SignatureResult const& result : findings.dkim) add_dkim(table, result);
  if (findings.arc.word != arc::Word::none) {
    std::string about = findings.arc.problem;
    for (arc::SealedBy const& sealer : findings.arc.sealers) {
      about += fmt::format("{}i={} {}", about.empty() ? "" : ", ", sealer.instance,
                           shown(sealer.domain));
    }
    table.row({"arc", std::string{arc::text(findings.arc.word)}, about});
  }
  table.row({"dmarc", std::string{dmarc::text(findings.dmarc.word)}, dmarc_text(findings.dmarc)});
  if (findings.reverse) {
    table.row(
        {"iprev", std::string{spf::text(findings.reverse->word)}, shown(findings.reverse->name)});
  }
  terminal.out() << table.render(terminal.columns());
  terminal.out() << "  DNS questions: " << findings.facts.size() << '\n';
}

/// 0: DMARC passes or there is none; 2: it fails; 75: try again later.
Exit exit_of(runtime::MailAuthFindings const& findings) {
  if (findings.is_temporary()) return Exit::temporary;
  switch (findings.dmarc.word) {
    case dmarc::Word::pass:
    case dmarc::Word::none:
      return Exit::ok;
    case dmarc::Word::fail:
    case dmarc::Word::permerror:
      return Exit::not_usable;
    case dmarc::Word::temperror:
      return Exit::temporary;
  }
  return Exit::ok;
}

Exit run_verify(Options const& options, Terminal& terminal) {
  auto const sender = parse_sender(options.sender);
  if (!sender) return refuse(terminal, {sender.error(), Exit::usage});
  auto const message = load_message(options.file);
  if (!message) return refuse(terminal, message.error());
  auto const resolver = make_resolver(options.common);
  if (!resolver) return refuse(terminal, resolver.error());
  dkim::VerifyOptions verify;
  verify.rsa_bits_min = options.common.key_bits_min;
  runtime::MailAuth mail{(*message)->header, verify};
  mail.body((*message)->body);
  dkim::KeyCache keys;
  auto const findings = wait_for(mail.finish(**resolver, *sender, time_of(options.common), keys));
  if (options.common.json) {
    terminal.out() << json::serialize(as_json(findings, *sender)) << '\n';
  } else {
    print(findings, terminal);
  }
  return exit_of(findings);
}
}  // namespace

void add_verify(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("file", options->file, "the message; - is standard input")->required();
  add_sender(command, options->sender);
  add_common(command, options->common);
  command.footer(
      "Examples:\n  packetboat verify letter.eml --ip 192.0.2.1 --helo mx.example.com \\\n"
      "      --mail-from bounce@example.com\n"
      "  packetboat verify --json - < letter.eml");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_verify(*options, terminal); };
  });
}
}  // namespace pb::cli
