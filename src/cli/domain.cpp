// domain.cpp: `packetboat domain check DOMAIN`: is this domain ready to send mail?
// Spec: docs/reference/command-line.md.                    Not here: the checks (domain_checks).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/domain_checks.hpp"
#include "cli/domain_messages.hpp"
#include "cli/verify_input.hpp"
#include "dns/name.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct Options {
  VerifyCommon common;
  std::string domain;
  std::vector<std::string> selectors, addresses;
};

Style style_of(Judgement judgement) {
  switch (judgement) {
    case Judgement::good:
      return Style::good;
    case Judgement::advice:
    case Judgement::unknown:
      return Style::warning;
    case Judgement::bad:
      return Style::bad;
  }
  return Style::plain;
}

void print(std::vector<Finding> const& findings, std::string const& domain, Terminal& terminal) {
  auto const language = terminal.language();
  std::size_t wanted = 0;
  for (Finding const& finding : findings) {
    std::string const mark = finding.judgement == Judgement::good ? "+" : "!";
    terminal.out() << text::paragraph(
        fmt::format("  {} {:<8} ", terminal.styled(style_of(finding.judgement), mark),
                    finding.area),
        finding.says, terminal.columns());
    if (finding.publish.empty()) continue;
    ++wanted;
    terminal.out() << "      " << domain_text::publish.in(language) << "  " << finding.publish
                   << '\n';
  }
  bool const good = wanted == 0 && std::ranges::none_of(findings, [](Finding const& finding) {
                      return finding.judgement == Judgement::bad;
                    });
  terminal.out() << '\n'
                 << (good
                         ? fmt::format(fmt::runtime(domain_text::verdict_good.in(language)), domain)
                         : fmt::format(fmt::runtime(domain_text::verdict_missing.in(language)),
                                       wanted))
                 << '\n';
}

Exit exit_of(std::vector<Finding> const& findings) {
  bool bad = false;
  bool unknown = false;
  for (Finding const& finding : findings) {
    bad = bad || finding.judgement == Judgement::bad;
    unknown = unknown || finding.judgement == Judgement::advice;
  }
  if (bad) return Exit::not_usable;
  return unknown ? Exit::second_choice : Exit::ok;
}

Exit run_check(Options const& options, Terminal& terminal) {
  DomainQuestion question;
  question.domain = options.domain;
  question.selectors = options.selectors;
  question.language = terminal.language();
  if (!dns::valid_name(dns::normal_name(options.domain))) {
    return refuse(terminal, {options.domain + " is no domain", Exit::usage});
  }
  for (std::string const& text : options.addresses) {
    auto const address = IpAddress::parse(text);
    if (!address) return refuse(terminal, {text + " is no IP address", Exit::usage});
    question.addresses.push_back(*address);
  }
  auto const resolver = make_resolver(options.common);
  if (!resolver) return refuse(terminal, resolver.error());
  auto const findings = wait_for(check_domain(**resolver, question));
  if (!options.common.json) {
    print(findings, options.domain, terminal);
    return exit_of(findings);
  }
  json::array list;
  for (Finding const& finding : findings) {
    list.push_back({{"area", finding.area},
                    {"judgement", text(finding.judgement)},
                    {"says", finding.says},
                    {"publish", finding.publish}});
  }
  terminal.out() << json::serialize(json::object{{"schema", "packetboat.domain/1"},
                                                 {"domain", options.domain},
                                                 {"findings", std::move(list)}})
                 << '\n';
  return exit_of(findings);
}
}  // namespace

void add_domain(CLI::App& command, Action& action) {
  command.require_subcommand(1);
  auto const options = std::make_shared<Options>();  // shared: kept by both callbacks
  CLI::App& check =
      *command.add_subcommand("check", "say what the domain lacks, and what to publish");
  check.add_option("domain", options->domain, "the domain")->required();
  check.add_option("--selector", options->selectors, "a DKIM selector that signs for it");
  check.add_option("--ip", options->addresses, "an address that sends for it");
  add_common(check, options->common);
  check.footer("Examples:\n  packetboat domain check example.com --selector 2026a");
  check.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_check(*options, terminal); };
  });
}
}  // namespace pb::cli
