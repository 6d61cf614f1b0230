// arc.cpp: `packetboat arc verify|seal`: the chain of earlier hops, and our own seal on it.
// Spec: docs/reference/command-line.md; RFC 8617.            Not here: whole messages (verify.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "arc/seal.hpp"
#include "authres/results.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/verify_input.hpp"
#include "cli/verify_json.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct Options {
  std::string file;
  VerifyCommon common;
  std::string key, domain, selector, authserv_id, headers;
};

Exit run_verify(Options const& options, Terminal& terminal) {
  auto const findings = find_in(options.file, options.common);
  if (!findings) return refuse(terminal, findings.error());
  arc::Result const& result = findings->arc;
  if (options.common.json) {
    json::object out = json_of(result);
    out["schema"] = "packetboat.arc/1";
    terminal.out() << json::serialize(out) << '\n';
  } else {
    terminal.out() << arc::text(result.word) << '\n';
    if (!result.problem.empty()) terminal.out() << "  " << result.problem << '\n';
    for (arc::SealedBy const& sealer : result.sealers) {
      terminal.out() << fmt::format("  i={} {} ({})\n", sealer.instance,
                                    escape_for_display(sealer.domain),
                                    escape_for_display(sealer.selector));
    }
  }
  if (result.temporary) return Exit::temporary;
  return result.word == arc::Word::fail ? Exit::not_usable : Exit::ok;
}

/// What Authentication-Results fields of that authserv-id say, and of the chain among it.
arc::SealOptions seal_options(Options const& options, mail::HeaderSection const& header) {
  arc::SealOptions out;
  out.authserv_id = options.authserv_id;
  out.now = time_of(options.common);
  for (std::string_view name : ascii::split(options.headers, ':')) {
    if (!ascii::trim(name).empty()) out.fields.emplace_back(ascii::trim(name));
  }
  for (mail::Field const& field : header.all("Authentication-Results")) {
    if (!authres::claims(field.value, options.authserv_id)) continue;
    for (std::string& raw : authres::raw_methods(field.value)) {
      if (ascii::istarts_with(raw, "arc=pass")) out.status = arc::ChainStatus::pass;
      if (ascii::istarts_with(raw, "arc=fail")) out.status = arc::ChainStatus::fail;
      out.results.push_back(std::move(raw));
    }
  }
  return out;
}

Exit run_seal(Options const& options, Terminal& terminal) {
  auto const message = load_message(options.file);
  if (!message) return refuse(terminal, message.error());
  auto const key = load_key(options.key);
  if (!key) return refuse(terminal, key.error());
  auto sealer = arc::Sealer::make((*message)->header, {options.domain, options.selector, *key},
                                  seal_options(options, (*message)->header));
  if (!sealer) {
    return refuse(terminal, {std::string{arc::text(sealer.error())}, Exit::not_usable});
  }
  sealer->body((*message)->body);
  auto const fields = sealer->finish();
  if (!fields) return refuse(terminal, {std::string{arc::text(fields.error())}, Exit::software});
  print_signed(terminal, options.common.json, "packetboat.arc-seal/1", "fields", *fields);
  return Exit::ok;
}
}  // namespace

void add_arc(CLI::App& command, Action& action) {
  command.require_subcommand(1);
  auto const verify_options = std::make_shared<Options>();  // shared: kept by both callbacks
  CLI::App& verify = *command.add_subcommand("verify", "is the chain of seals sound?");
  verify.add_option("file", verify_options->file, "the message; - is standard input")->required();
  add_common(verify, verify_options->common);
  verify.callback([verify_options, &action] {
    action = [verify_options](Terminal& terminal) { return run_verify(*verify_options, terminal); };
  });
  auto const seal_options = std::make_shared<Options>();  // shared: as above
  CLI::App& seal = *command.add_subcommand("seal", "print the fields of a further seal");
  seal.add_option("file", seal_options->file, "the message; - is standard input")->required();
  seal.add_option("--key", seal_options->key, "the private key (PEM)")->required();
  seal.add_option("--domain", seal_options->domain, "d=")->required();
  seal.add_option("--selector", seal_options->selector, "s=")->required();
  seal.add_option("--authserv-id", seal_options->authserv_id,
                  "whose Authentication-Results are taken over")
      ->required();
  seal.add_option("--headers", seal_options->headers, "names for h=, with colons");
  add_common(seal, seal_options->common);
  seal.callback([seal_options, &action] {
    action = [seal_options](Terminal& terminal) { return run_seal(*seal_options, terminal); };
  });
}
}  // namespace pb::cli
