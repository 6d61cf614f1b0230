// spf.cpp: `packetboat spf`: may this address send for this domain?
// Spec: docs/reference/command-line.md; RFC 7208.             Not here: whole messages
// (verify.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/verify_input.hpp"
#include "cli/verify_json.hpp"
#include "spf/evaluate.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct Options {
  VerifyCommon common;
  VerifySender sender;
  std::string receiver;
};

struct Evaluated {
  spf::Result result;
  dns::Facts facts;
};

boost::asio::awaitable<Evaluated> evaluate(runtime::Resolver& resolver, spf::Params params) {
  Evaluated out;
  for (;;) {
    auto outcome = spf::check_host(params, out.facts);
    if (auto* result = std::get_if<spf::Result>(&outcome)) {
      out.result = std::move(*result);
      co_return out;
    }
    auto question = std::get<dns::Question>(std::move(outcome));
    auto answer = co_await resolver.ask(question);
    out.facts.insert_or_assign(std::move(question), std::move(answer));
  }
}

/// 0: pass, neutral or none; 1: softfail; 2: fail or permerror; 75: temperror.
Exit exit_of(spf::Word word) {
  switch (word) {
    case spf::Word::pass:
    case spf::Word::neutral:
    case spf::Word::none:
      return Exit::ok;
    case spf::Word::softfail:
      return Exit::second_choice;
    case spf::Word::fail:
    case spf::Word::permerror:
      return Exit::not_usable;
    case spf::Word::temperror:
      return Exit::temporary;
  }
  return Exit::ok;
}

Exit run_spf(Options const& options, Terminal& terminal) {
  auto const sender = parse_sender(options.sender);
  if (!sender || !sender->ip) {
    return refuse(terminal, {sender ? "--ip is missing" : sender.error(), Exit::usage});
  }
  auto const resolver = make_resolver(options.common);
  if (!resolver) return refuse(terminal, resolver.error());
  auto params = spf::identity_params(*sender->ip, sender->helo, sender->mail_from);
  params.receiver = options.receiver;
  params.now = time_of(options.common);
  Evaluated const seen = wait_for(evaluate(**resolver, std::move(params)));
  spf::Result const& result = seen.result;
  if (options.common.json) {
    json::object out = json_of(result);
    out["schema"] = "packetboat.spf/1";
    out["identity"] = sender->mail_from.empty() ? "helo" : "mailfrom";
    out["questions"] = questions_json(seen.facts);
    terminal.out() << json::serialize(out) << '\n';
    return exit_of(result.word);
  }
  terminal.out() << spf::text(result.word) << '\n';
  auto const line = [&](char const* name, std::string const& value) {
    if (!value.empty()) {
      terminal.out() << fmt::format("  {:<12} {}\n", name, escape_for_display(value, 400));
    }
  };
  line("record of", result.domain);
  line("matched", result.mechanism);
  line("reason", result.problem);
  line("explanation", result.explanation);
  terminal.out() << fmt::format("  {:<12} {} of 10\n", "look-ups", result.lookups);
  return exit_of(result.word);
}
}  // namespace

void add_spf(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  add_sender(command, options->sender);
  command.add_option("--receiver", options->receiver, "our name, for explanations");
  add_common(command, options->common);
  command.footer(
      "Examples:\n  packetboat spf --ip 192.0.2.1 --helo mx.example.com "
      "--mail-from a@example.com");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_spf(*options, terminal); };
  });
}
}  // namespace pb::cli
