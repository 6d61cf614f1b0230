// record.cpp: `packetboat record KIND TEXT`: parses a DNS record about mail and explains it.
// Spec: docs/reference/command-line.md; RFC 7208, 6376, 9989, 8461, 8460, 6698.
// Not here: looking records up (domain.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/verify_input.hpp"
#include "dane/record.hpp"
#include "dane/verify.hpp"
#include "dkim/record.hpp"
#include "dmarc/record.hpp"
#include "mtasts/record.hpp"
#include "runtime/system.hpp"
#include "spf/record.hpp"
#include "tlsrpt/record.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
struct Options {
  std::vector<std::string> words;
  bool json = false;
  std::string chain;               // of tlsa: a PEM file
  std::vector<std::string> names;  // and whose certificate it has to be
};

/// What a record says, one line a fact; or the problem that makes it useless.
struct Explained {
  std::string problem;
  std::vector<std::pair<std::string, std::string>> lines;
  void say(std::string name, std::string value) {
    lines.emplace_back(std::move(name), escape_for_display(value, 300));
  }
};
using Explain = Explained (*)(std::string const& text);

std::string_view outcome(spf::Qualifier qualifier) {
  switch (qualifier) {
    case spf::Qualifier::pass:
      return "pass";
    case spf::Qualifier::fail:
      return "fail";
    case spf::Qualifier::softfail:
      return "softfail";
    case spf::Qualifier::neutral:
      return "neutral";
  }
  return "";
}

Explained explain_spf(std::string const& text) {
  Explained out;
  auto const record = spf::parse_record(text);
  if (!record) {
    out.problem = record.error().problem;
    if (!record.error().term.empty()) out.problem += ": " + escape_for_display(record.error().term);
    return out;
  }
  for (spf::Directive const& directive : record->directives) {
    out.say(directive.text, fmt::format("{} when it matches", outcome(directive.qualifier)));
  }
  if (!record->redirect.empty()) out.say("redirect", "else as " + record->redirect + " says");
  if (!record->exp.empty()) out.say("exp", "why it failed is told by " + record->exp);
  for (spf::Modifier const& modifier : record->unknown) out.say(modifier.name, "unknown: ignored");
  out.say("look-ups",
          fmt::format("{} of 10 in this record alone", spf::terms_with_lookups(*record)));
  return out;
}

Explained explain_dkim(std::string const& text) {
  Explained out;
  auto const record = dkim::parse_key_record(text);
  if (!record) {
    out.problem = dkim::problem_text(record.error());
    return out;
  }
  auto const key = dkim::PublicKey::from_octets(record->type, record->key);
  if (!key) out.problem = "p= holds no key of that type";
  out.say("key", record->type == dkim::KeyType::rsa ? "RSA" : "Ed25519");
  if (key) out.say("bits", std::to_string(key->bits()));
  bool const small = key && record->type == dkim::KeyType::rsa && key->bits() < 1024;
  if (small) out.problem = dkim::problem_text(dkim::Problem::key_small);
  if (!record->accepts_sha256) out.problem = "h= excludes sha256: no signature can pass";
  if (!record->for_email) out.say("s", "not for mail");
  if (record->testing) out.say("t=y", "testing: a failure is to be treated as if unsigned");
  if (record->exact_identity) out.say("t=s", "i= must be of the same domain as d=");
  return out;
}

Explained explain_dmarc(std::string const& text) {
  Explained out;
  auto const record = dmarc::parse_record(text);
  if (!record) {
    out.problem = record.error() == dmarc::RecordError::no_version
                      ? "it does not begin with v=DMARC1"
                      : "it has no valid p= and no rua=: it has no effect";
    return out;
  }
  out.say("p", fmt::format("{} for mail that nothing authenticates", dmarc::text(record->policy)));
  if (record->subdomain)
    out.say("sp", fmt::format("{} for subdomains", dmarc::text(*record->subdomain)));
  if (record->nonexistent) {
    out.say("np",
            fmt::format("{} for subdomains that do not exist", dmarc::text(*record->nonexistent)));
  }
  auto const strictness = [](dmarc::Alignment alignment) {
    return alignment == dmarc::Alignment::strict ? "strict: the same domain"
                                                 : "relaxed: the same organization";
  };
  out.say("adkim", strictness(record->dkim));
  out.say("aspf", strictness(record->spf));
  if (record->psd != dmarc::Psd::unknown) {
    out.say("psd",
            record->psd == dmarc::Psd::yes ? "a public suffix" : "an organization of its own");
  }
  if (record->testing) out.say("t", "testing: the policy is taken one step milder");
  for (std::string const& uri : record->aggregate) out.say("rua", uri);
  for (std::string const& uri : record->failure) out.say("ruf", uri);
  for (std::string const& remark : record->remarks) out.say("remark", remark);
  return out;
}

Explained explain_mta_sts(std::string const& text) {
  Explained out;
  if (text.starts_with("version")) {
    auto const policy = mtasts::parse_policy(text);
    if (!policy) {
      out.problem = policy.error().problem;
      return out;
    }
    out.say("mode", std::string{mtasts::text(policy->mode)});
    for (std::string const& mx : policy->mx) out.say("mx", mx);
    out.say("max_age", fmt::format("{} s", policy->max_age.count()));
    return out;
  }
  auto const record = mtasts::parse_record(text);
  if (!record) {
    out.problem = record.error().problem;
    return out;
  }
  out.say("id", record->id);
  for (mtasts::Extension const& one : record->extensions) out.say(one.name, one.value);
  return out;
}

Explained explain_tlsrpt(std::string const& text) {
  Explained out;
  auto const record = tlsrpt::parse_record(text);
  if (!record) {
    out.problem = record.error().problem;
    return out;
  }
  for (std::string const& uri : record->report_uris) out.say("rua", uri);
  return out;
}

Explained explain_tlsa(std::string const& text) {
  Explained out;
  auto const record = dane::parse_record(text);
  if (!record) {
    out.problem = record.error().problem;
    return out;
  }
  constexpr std::array usages{"PKIX-TA(0)", "PKIX-EE(1)", "DANE-TA(2)", "DANE-EE(3)"};
  out.say("usage", record->usage < usages.size() ? usages[record->usage] : "unknown");
  out.say("selector", record->selector == 0   ? "the whole certificate"
                      : record->selector == 1 ? "its public key"
                                              : "unknown");
  out.say("matching", record->matching == 0   ? "as it is"
                      : record->matching == 1 ? "SHA-256"
                      : record->matching == 2 ? "SHA-512"
                                              : "unknown");
  if (!dane::is_usable(*record)) out.problem = "SMTP cannot use it (RFC 7672 3.1)";
  return out;
}

Exit exit_of(dane::Match match) {
  return match == dane::Match::matches ? Exit::ok : Exit::not_usable;
}

std::string sentence(dane::ChainAnswer const& answer) {
  switch (answer.match) {
    case dane::Match::matches:
      return fmt::format("The chain matches, at certificate {} of it.", answer.depth.value_or(0));
    case dane::Match::unusable:
      return "None of the records is one that SMTP uses (RFC 7672 3.1).";
    case dane::Match::no_record:
      return "No record is of a certificate of this chain.";
    case dane::Match::wrong_name:
      return "A record's issuer signed the chain, but for another name (RFC 7672 3.2.2).";
    case dane::Match::broken:
      return "A record matches, but a date or a signature within the chain does not.";
    case dane::Match::no_chain:
      return "That is no chain of certificates in PEM.";
  }
  return "";
}

/// `record tlsa ... --chain`: one record a line, judged together as a client would.
Exit judge_chain(Options const& options, std::string const& text, Terminal& terminal) {
  dane::ChainQuestion question;
  auto const pem = read_input(options.chain);
  if (!pem) return refuse(terminal, pem.error());
  question.chain = dane::certificates_of_pem(*pem);
  question.names = options.names;
  auto const now = std::chrono::floor<std::chrono::seconds>(runtime::SystemClock{}.now());
  question.now = now.time_since_epoch().count();
  for (auto const line : ascii::split(text, '\n')) {
    if (ascii::trim(line).empty()) continue;
    auto record = dane::parse_record(line);
    if (!record) return refuse(terminal, {record.error().problem, Exit::not_usable});
    question.records.push_back(std::move(*record));
  }
  auto const answer = verify_chain(question);
  bool const good = answer.match == dane::Match::matches;
  if (options.json) {
    json::object out{{"schema", "packetboat.record/1"},
                     {"kind", "tlsa"},
                     {"good", good},
                     {"match", dane::name(answer.match)},
                     {"depth", nullptr}};
    if (answer.depth) out["depth"] = *answer.depth;
    terminal.out() << json::serialize(out) << '\n';
  } else {
    terminal.out() << terminal.styled(good ? Style::good : Style::bad, sentence(answer)) << '\n';
  }
  return exit_of(answer.match);
}

struct Kind {
  char const* name;
  char const* summary;
  Explain explain;
};
constexpr std::array kinds{
    Kind{"spf", "v=spf1 ...", explain_spf},
    Kind{"dkim", "the key of a selector: v=DKIM1; ...", explain_dkim},
    Kind{"dmarc", "v=DMARC1; ...", explain_dmarc},
    Kind{"mta-sts", "v=STSv1; ..., or the policy behind it", explain_mta_sts},
    Kind{"tlsrpt", "v=TLSRPTv1; ...", explain_tlsrpt},
    Kind{"tlsa", "3 1 1 ...", explain_tlsa},
};

Exit run_record(Kind const& kind, Options const& options, Terminal& terminal) {
  std::string text;
  for (std::string const& word : options.words) text += (text.empty() ? "" : " ") + word;
  if (text == "-") {
    auto input = read_input("-");
    if (!input) return refuse(terminal, input.error());
    text = std::move(*input);
    while (text.ends_with('\n') && kind.explain != explain_mta_sts) text.pop_back();
  }
  if (!options.chain.empty()) return judge_chain(options, text, terminal);
  Explained const explained = kind.explain(text);
  if (options.json) {
    json::array lines;
    for (auto const& [name, value] : explained.lines) {
      lines.push_back({{"name", escape_for_display(name)}, {"value", value}});
    }
    terminal.out() << json::serialize(json::object{{"schema", "packetboat.record/1"},
                                                   {"kind", kind.name},
                                                   {"good", explained.problem.empty()},
                                                   {"problem", explained.problem},
                                                   {"says", std::move(lines)}})
                   << '\n';
  } else {
    for (auto const& [name, value] : explained.lines) {
      terminal.out() << fmt::format("  {:<18} {}\n", escape_for_display(name, 60), value);
    }
    terminal.out() << (explained.problem.empty()
                           ? terminal.styled(Style::good, "The record is good.")
                           : terminal.styled(Style::bad, "Not usable: " + explained.problem))
                   << '\n';
  }
  return explained.problem.empty() ? Exit::ok : Exit::not_usable;
}
}  // namespace

void add_record(CLI::App& command, Action& action) {
  command.require_subcommand(1);
  for (Kind const& kind : kinds) {
    auto const options = std::make_shared<Options>();  // shared: kept by both callbacks
    CLI::App& one = *command.add_subcommand(kind.name, kind.summary);
    one.add_option("text", options->words, "the record; - is standard input")->required();
    one.add_flag("--json", options->json, "print JSON");
    if (kind.explain == explain_tlsa) {
      auto* chain = one.add_option("--chain", options->chain,
                                   "judge this chain (PEM, the server's own certificate first)");
      one.add_option("--name", options->names, "the server's name, and its domain's: for usage 2")
          ->needs(chain)
          ->allow_extra_args(false);
    }
    one.callback([options, &kind, &action] {
      action = [options, &kind](Terminal& terminal) {
        return run_record(kind, *options, terminal);
      };
    });
  }
  command.footer(
      "Examples:\n  packetboat record spf \"v=spf1 mx -all\"\n"
      "  packetboat record tlsa \"3 1 1 ...\" --chain chain.pem --name mx.example.com");
}
}  // namespace pb::cli
