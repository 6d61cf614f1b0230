// mail_auth.cpp: see mail_auth.hpp.                      Spec: RFC 8601 §2.7 (methods, properties).
#include "runtime/mail_auth.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dmarc/author.hpp"

namespace pb::runtime {
namespace {
/// Ask and replay: `evaluate(facts)` until it needs nothing more.
template <class Result, class Evaluate>
asio::awaitable<Result> settle(Resolver& resolver, dns::Facts& facts, Evaluate evaluate) {
  for (;;) {
    std::variant<Result, dns::Question> outcome = evaluate(std::as_const(facts));
    if (auto* result = std::get_if<Result>(&outcome)) co_return std::move(*result);
    dns::Question question = std::get<dns::Question>(std::move(outcome));
    dns::Answer answer = co_await resolver.ask(question);
    facts.insert_or_assign(std::move(question), std::move(answer));
  }
}

/// What passed, as DMARC looks at it (RFC 9989 §4.1).
dmarc::Input dmarc_input(MailAuthFindings const& findings, std::string author,
                         MailAuthSender const& sender) {
  dmarc::Input input;
  input.author_domain = std::move(author);
  for (dkim::SignatureResult const& result : findings.dkim) {
    if (result.word == dkim::Word::pass) {
      input.dkim.push_back({result.domain, result.unsigned_octets});
    }
  }
  // RFC 9989 §4.1: MAIL FROM; the HELO name stands in only for a null reverse-path.
  if (findings.mail_from && findings.mail_from->word == spf::Word::pass) {
    input.spf.push_back(spf::identity_params(*sender.ip, sender.helo, sender.mail_from).domain);
  } else if (sender.mail_from.empty() && findings.helo && findings.helo->word == spf::Word::pass) {
    input.spf.push_back(sender.helo);
  }
  return input;
}

void add_spf(authres::Results& out, spf::Result const& result, char const* property,
             std::string const& value) {
  authres::MethodResult method{"spf", std::string{spf::text(result.word)}, result.problem, {}, ""};
  method.properties.push_back({"smtp", property, value});
  out.methods.push_back(std::move(method));
}

void add_dkim(authres::Results& out, std::vector<dkim::SignatureResult> const& results) {
  if (results.empty()) out.methods.push_back({"dkim", "none", "", {}, ""});
  for (dkim::SignatureResult const& result : results) {
    authres::MethodResult method{"dkim",
                                 std::string{dkim::text(result.word)},
                                 std::string{dkim::problem_text(result.problem)},
                                 {},
                                 ""};
    if (!result.domain.empty()) method.properties.push_back({"header", "d", result.domain});
    if (!result.identity.empty()) method.properties.push_back({"header", "i", result.identity});
    if (!result.selector.empty()) method.properties.push_back({"header", "s", result.selector});
    if (!result.algorithm.empty()) method.properties.push_back({"header", "a", result.algorithm});
    if (!result.b_prefix.empty()) method.properties.push_back({"header", "b", result.b_prefix});
    if (result.testing) method.comment = "test mode";
    if (result.unsigned_octets > 0) {
      method.comment = fmt::format("{} octets of the body are not signed", result.unsigned_octets);
    }
    out.methods.push_back(std::move(method));
  }
}

void add_dmarc(authres::Results& out, dmarc::Result const& result) {
  authres::MethodResult method{
      "dmarc", std::string{dmarc::text(result.word)}, result.problem, {}, ""};
  if (!result.record_domain.empty()) {
    method.comment = fmt::format("p={} at {}", dmarc::text(result.published), result.record_domain);
  }
  if (!result.author_domain.empty()) {
    method.properties.push_back({"header", "from", result.author_domain});
  }
  out.methods.push_back(std::move(method));
}
}  // namespace

struct MailAuth::State {
  State(mail::HeaderSection const& header, dkim::VerifyOptions const& options)
      : dkim{header, options}, arc{header, options}, author{dmarc::author_domain(header)} {}
  dkim::Verifier dkim;
  arc::Verifier arc;
  std::string author;
};

MailAuth::MailAuth(mail::HeaderSection const& header, dkim::VerifyOptions const& options)
    : state_{std::make_unique<State>(header, options)} {}
MailAuth::~MailAuth() = default;
MailAuth::MailAuth(MailAuth&&) noexcept = default;
MailAuth& MailAuth::operator=(MailAuth&&) noexcept = default;

void MailAuth::body(std::string_view chunk) {
  state_->dkim.body(chunk);
  state_->arc.body(chunk);
}

asio::awaitable<MailAuthFindings> MailAuth::finish(Resolver& resolver, MailAuthSender sender,
                                                   Instant now, dkim::KeyCache& keys) {
  State& state = *state_;
  state.dkim.end_of_body();
  state.arc.end_of_body();
  MailAuthFindings out;
  std::vector<dns::Question> questions = state.dkim.questions();
  for (dns::Question& question : state.arc.questions()) questions.push_back(std::move(question));
  if (!questions.empty()) co_await ask_all(resolver, std::move(questions), out.facts);
  if (sender.ip) {
    auto params = spf::helo_params(*sender.ip, sender.helo);
    params.receiver = sender.receiver;
    params.now = now;
    if (!sender.helo.empty()) {
      out.helo = co_await settle<spf::Result>(
          resolver, out.facts,
          [&params](dns::Facts const& facts) { return spf::check_host(params, facts); });
    }
    if (!sender.mail_from.empty()) {
      params = spf::identity_params(*sender.ip, sender.helo, sender.mail_from);
      params.receiver = sender.receiver;
      params.now = now;
      out.mail_from = co_await settle<spf::Result>(
          resolver, out.facts,
          [&params](dns::Facts const& facts) { return spf::check_host(params, facts); });
    }
    out.reverse = co_await settle<spf::ReverseResult>(
        resolver, out.facts,
        [&sender](dns::Facts const& facts) { return spf::check_reverse(*sender.ip, facts); });
  }
  out.dkim = co_await settle<std::vector<dkim::SignatureResult>>(
      resolver, out.facts, [&state, &keys, now](dns::Facts const& facts) {
        return state.dkim.results(facts, now, keys);
      });
  out.arc = co_await settle<arc::Result>(
      resolver, out.facts,
      [&state, &keys](dns::Facts const& facts) { return state.arc.result(facts, keys); });
  dmarc::Input const input = dmarc_input(out, state.author, sender);
  out.dmarc = co_await settle<dmarc::Result>(
      resolver, out.facts,
      [&input](dns::Facts const& facts) { return dmarc::evaluate(input, facts); });
  co_return out;
}

bool MailAuthFindings::is_temporary() const {
  if (dmarc.word == dmarc::Word::temperror) return true;
  if (dmarc.word != dmarc::Word::fail) return false;
  bool const keys = std::ranges::any_of(dkim, [](dkim::SignatureResult const& result) {
    return result.word == dkim::Word::temperror;
  });
  return keys || (mail_from && mail_from->word == spf::Word::temperror);
}

authres::Results results_of(MailAuthFindings const& findings, MailAuthSender const& sender,
                            std::string authserv_id) {
  authres::Results out{std::move(authserv_id), {}};
  if (findings.mail_from) {
    add_spf(out, *findings.mail_from, "mailfrom", sender.mail_from);
  }
  if (findings.helo) add_spf(out, *findings.helo, "helo", sender.helo);
  add_dkim(out, findings.dkim);
  if (findings.arc.word != arc::Word::none) {
    out.methods.push_back(
        {"arc", std::string{arc::text(findings.arc.word)}, findings.arc.problem, {}, ""});
  }
  add_dmarc(out, findings.dmarc);
  if (findings.reverse && sender.ip) {
    authres::MethodResult method{"iprev",
                                 std::string{spf::text(findings.reverse->word)},
                                 "",
                                 {{"policy", "iprev", sender.ip->text()}},
                                 findings.reverse->name};
    out.methods.push_back(std::move(method));
  }
  return out;
}
}  // namespace pb::runtime
