// dmarc.cpp: `packetboat dmarc`: what a domain's policy says of what authenticated.
// Spec: docs/reference/command-line.md; RFC 9989.            Not here: whole messages (verify.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/verify_input.hpp"
#include "cli/verify_json.hpp"
#include "dmarc/evaluate.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct Options {
  VerifyCommon common;
  std::string author;
  std::vector<std::string> dkim, spf;
};

struct Evaluated {
  dmarc::Result result;
  dns::Facts facts;
};

boost::asio::awaitable<Evaluated> evaluate(runtime::Resolver& resolver, dmarc::Input input) {
  Evaluated out;
  for (;;) {
    auto outcome = dmarc::evaluate(input, out.facts);
    if (auto* result = std::get_if<dmarc::Result>(&outcome)) {
      out.result = std::move(*result);
      co_return out;
    }
    auto question = std::get<dns::Question>(std::move(outcome));
    auto answer = co_await resolver.ask(question);
    out.facts.insert_or_assign(std::move(question), std::move(answer));
  }
}

Exit exit_of(dmarc::Word word) {
  switch (word) {
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

void print(dmarc::Result const& result, Terminal& terminal) {
  terminal.out() << dmarc::text(result.word) << '\n';
  auto const line = [&](char const* name, std::string const& value) {
    if (!value.empty()) {
      terminal.out() << fmt::format("  {:<14} {}\n", name, escape_for_display(value, 400));
    }
  };
  line("author domain", result.author_domain);
  line("organization", result.organizational_domain);
  line("record at", result.record_domain);
  line("record", result.record.published);
  if (!result.record_domain.empty()) line("policy", std::string{dmarc::text(result.policy)});
  line("signed for", result.dkim.domain);
  line("sent for", result.spf.domain);
  line("reason", result.problem);
  for (std::string const& remark : result.record.remarks) line("remark", remark);
}

Exit run_dmarc(Options const& options, Terminal& terminal) {
  auto const resolver = make_resolver(options.common);
  if (!resolver) return refuse(terminal, resolver.error());
  dmarc::Input input;
  input.author_domain = options.author.substr(options.author.rfind('@') + 1);
  for (std::string const& domain : options.dkim) input.dkim.push_back({domain, 0});
  input.spf = options.spf;
  Evaluated const seen = wait_for(evaluate(**resolver, std::move(input)));
  if (options.common.json) {
    json::object out = json_of(seen.result);
    out["schema"] = "packetboat.dmarc/1";
    out["questions"] = questions_json(seen.facts);
    terminal.out() << json::serialize(out) << '\n';
  } else {
    print(seen.result, terminal);
  }
  return exit_of(seen.result.word);
}
}  // namespace

void add_dmarc(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("from", options->author, "the From address or its domain")->required();
  command.add_option("--dkim", options->dkim, "a domain (d=) whose signature passed");
  command.add_option("--spf", options->spf, "a MAIL FROM domain that passed SPF");
  add_common(command, options->common);
  command.footer("Examples:\n  packetboat dmarc news@example.com --dkim mailer.example.com");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_dmarc(*options, terminal); };
  });
}
}  // namespace pb::cli
