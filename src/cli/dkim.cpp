// dkim.cpp: `packetboat dkim verify|sign`: signatures of one message.
// Spec: docs/reference/command-line.md; RFC 6376.             Not here: keys (dkim_keys.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/dkim_keys.hpp"
#include "cli/verify_input.hpp"
#include "cli/verify_json.hpp"
#include "dkim/sign.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct VerifyOptions {
  std::string file;
  VerifyCommon common;
};
struct SignCommandOptions {
  std::string file, key, domain, selector, headers, identity;
  std::string canonicalization = "relaxed/relaxed";
  std::optional<std::int64_t> expires;
  VerifyCommon common;
};

Exit run_verify(VerifyOptions const& options, Terminal& terminal) {
  auto const findings = find_in(options.file, options.common);
  if (!findings) return refuse(terminal, findings.error());
  bool passed = false;
  bool temporary = false;
  json::array list;
  for (dkim::SignatureResult const& result : findings->dkim) {
    passed = passed || result.word == dkim::Word::pass;
    temporary = temporary || result.word == dkim::Word::temperror;
    list.push_back(json_of(result));
    if (options.common.json) continue;
    terminal.out() << fmt::format(
        "{:<10} d={} s={} {}\n", dkim::text(result.word), escape_for_display(result.domain),
        escape_for_display(result.selector), dkim::problem_text(result.problem));
  }
  if (options.common.json) {
    terminal.out() << json::serialize(json::object{{"schema", "packetboat.dkim/1"},
                                                   {"signatures", std::move(list)}})
                   << '\n';
  } else if (findings->dkim.empty()) {
    terminal.out() << "none       the message is not signed\n";
  }
  if (passed) return Exit::ok;
  if (temporary) return Exit::temporary;
  return findings->dkim.empty() ? Exit::second_choice : Exit::not_usable;
}

std::optional<dkim::Canonicalization> canonicalization_of(std::string_view text) {
  if (text == "simple") return dkim::Canonicalization::simple;
  if (text == "relaxed") return dkim::Canonicalization::relaxed;
  return std::nullopt;
}

std::expected<dkim::SignOptions, Refusal> sign_options(SignCommandOptions const& options) {
  dkim::SignOptions out;
  auto const parts = ascii::split(options.canonicalization, '/');
  auto const header = canonicalization_of(parts.front());
  auto const body = parts.size() == 2 ? canonicalization_of(parts[1])
                                      : std::optional{dkim::Canonicalization::simple};
  if (!header || !body) {
    return std::unexpected{Refusal{"--canonicalization takes relaxed/simple and kin", Exit::usage}};
  }
  out.header = *header;
  out.body = *body;
  out.now = time_of(options.common);
  out.identity = options.identity;
  if (options.expires) out.expiration = static_cast<std::uint64_t>(*options.expires);
  for (std::string_view name : ascii::split(options.headers, ':')) {
    if (!ascii::trim(name).empty()) out.fields.emplace_back(ascii::trim(name));
  }
  return out;
}

Exit run_sign(SignCommandOptions const& options, Terminal& terminal) {
  auto const message = load_message(options.file);
  if (!message) return refuse(terminal, message.error());
  auto const key = load_key(options.key);
  if (!key) return refuse(terminal, key.error());
  auto sign = sign_options(options);
  if (!sign) return refuse(terminal, sign.error());
  auto signer = dkim::Signer::make((*message)->header, {{options.domain, options.selector, *key}},
                                   std::move(*sign));
  if (!signer) {
    return refuse(terminal, {std::string{dkim::text(signer.error())}, Exit::not_usable});
  }
  signer->body((*message)->body);
  auto const field = signer->finish();
  if (!field) return refuse(terminal, {std::string{dkim::text(field.error())}, Exit::software});
  print_signed(terminal, options.common.json, "packetboat.dkim-sign/1", "field", *field);
  return Exit::ok;
}

void add_verify_command(CLI::App& parent, Action& action) {
  auto const options = std::make_shared<VerifyOptions>();  // shared: kept by both callbacks
  CLI::App& command = *parent.add_subcommand("verify", "say what each signature is worth");
  command.add_option("file", options->file, "the message; - is standard input")->required();
  add_common(command, options->common);
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_verify(*options, terminal); };
  });
}

void add_sign_command(CLI::App& parent, Action& action) {
  auto const options = std::make_shared<SignCommandOptions>();  // shared: as above
  CLI::App& command = *parent.add_subcommand("sign", "print the DKIM-Signature field of a message");
  command.add_option("file", options->file, "the message; - is standard input")->required();
  command.add_option("--key", options->key, "the private key (PEM)")->required();
  command.add_option("--domain", options->domain, "d=")->required();
  command.add_option("--selector", options->selector, "s=")->required();
  command.add_option("--headers", options->headers, "names for h=, with colons");
  command.add_option("--identity", options->identity, "i=");
  command.add_option("--canonicalization", options->canonicalization, "c=")->capture_default_str();
  command.add_option("--expires", options->expires, "x=, in seconds since 1970");
  add_common(command, options->common);
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_sign(*options, terminal); };
  });
}
}  // namespace

void add_dkim(CLI::App& command, Action& action) {
  command.require_subcommand(1);
  add_verify_command(command, action);
  add_sign_command(command, action);
  add_dkim_keys(command, action);
  command.footer(
      "Examples:\n  packetboat dkim keygen example.com\n"
      "  packetboat dkim check example.com --dns 192.0.2.53\n"
      "  packetboat dkim verify letter.eml");
}
}  // namespace pb::cli
