// domain_checks.cpp: see domain_checks.hpp.
// Spec: RFC 7208 §4.6.4 (counting), RFC 9989 §4.10, RFC 8461 §3.1, RFC 8460 §3, RFC 7672 §2.2.
// Not here: words (domain_messages.hpp).
#include "cli/domain_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/encoding.hpp"
#include "cli/domain_messages.hpp"
#include "dane/record.hpp"
#include "dkim/verify.hpp"
#include "dmarc/evaluate.hpp"
#include "dns/name.hpp"
#include "mtasts/record.hpp"
#include "spf/evaluate.hpp"
#include "spf/record.hpp"
#include "tlsrpt/record.hpp"

namespace pb::cli {
namespace {
template <class T>
using Task = boost::asio::awaitable<T>;
namespace words = domain_text;
constexpr std::size_t hosts_max = 5;
constexpr unsigned records_max = 20;  // of SPF, followed for counting

class Checker {
 public:
  Checker(runtime::Resolver& resolver, DomainQuestion const& question)
      : resolver_{resolver}, question_{question} {}
  Task<std::vector<Finding>> run();

 private:
  Task<void> check_mx();
  Task<void> check_spf();
  struct LookUps {
    unsigned count = 0;
    std::string unanswered{};  // the first included name whose record the DNS did not give
    std::string missing{};     // the first that has no SPF record
  };
  Task<LookUps> count_lookups(std::string domain);
  Task<void> check_dkim();
  Task<void> check_dmarc();
  Task<void> check_mta_sts();
  Task<void> check_tlsrpt();
  Task<void> check_tlsa();
  Task<void> check_reverse();
  Task<std::optional<std::vector<std::string>>> texts(std::string name);
  Task<std::vector<IpAddress>> addresses(std::string host);

  template <class... Arguments>
  void say(char const* area, Judgement judgement, text::Text const& message, std::string publish,
           Arguments const&... arguments) {
    findings_.push_back({area, judgement,
                         fmt::format(fmt::runtime(message.in(question_.language)), arguments...),
                         std::move(publish)});
  }
  std::string const& domain() const { return question_.domain; }

  runtime::Resolver& resolver_;
  DomainQuestion const& question_;
  std::vector<Finding> findings_;
  std::vector<std::string> hosts_;  // of the MX records
};

/// nullopt when DNS failed (said already as a finding of the caller's area).
Task<std::optional<std::vector<std::string>>> Checker::texts(std::string name) {
  dns::Question question{dns::normal_name(name), dns::Type::txt};
  dns::Answer const answer = co_await resolver_.ask(question);
  if (std::holds_alternative<dns::Failed>(answer)) co_return std::nullopt;
  std::vector<std::string> out;
  if (auto const* found = std::get_if<dns::Found>(&answer)) {
    for (dns::Record const& record : found->records) {
      if (auto const* txt = std::get_if<dns::Txt>(&record)) out.push_back(txt->text);
    }
  }
  co_return out;
}

Task<std::vector<IpAddress>> Checker::addresses(std::string host) {
  std::vector<IpAddress> out;
  for (dns::Type const type : {dns::Type::a, dns::Type::aaaa}) {
    dns::Question question{dns::normal_name(host), type};
    dns::Answer const answer = co_await resolver_.ask(question);
    auto const* found = std::get_if<dns::Found>(&answer);
    if (found == nullptr) continue;
    for (dns::Record const& record : found->records) {
      if (auto const* address = std::get_if<IpAddress>(&record)) out.push_back(*address);
    }
  }
  co_return out;
}

Task<void> Checker::check_mx() {
  dns::Question question{domain(), dns::Type::mx};
  dns::Answer const answer = co_await resolver_.ask(question);
  if (std::holds_alternative<dns::Failed>(answer)) {
    say("mx", Judgement::unknown, words::dns_failed, "", domain());
    co_return;
  }
  auto const* found = std::get_if<dns::Found>(&answer);
  if (found == nullptr) {
    say("mx", Judgement::advice, words::mx_none, fmt::format("{0}. IN MX 10 mail.{0}.", domain()));
    co_return;
  }
  for (dns::Record const& record : found->records) {
    auto const* mx = std::get_if<dns::Mx>(&record);
    if (mx == nullptr || hosts_.size() == hosts_max) continue;
    if (mx->exchange.empty()) {
      say("mx", Judgement::good, words::mx_null, "");
      co_return;
    }
    hosts_.push_back(dns::normal_name(mx->exchange));
  }
  bool all = true;
  for (std::string const& host : hosts_) {
    if (!(co_await addresses(host)).empty()) continue;
    all = false;
    say("mx", Judgement::bad, words::mx_no_address, "", escape_for_display(host));
  }
  if (all) say("mx", Judgement::good, words::mx_good, "", hosts_.size());
}

/// Terms that ask DNS, through includes and redirects (RFC 7208 §4.6.4). Macros are not followed.
/// A record that the DNS does not give now hides its own terms, so it is named.
Task<Checker::LookUps> Checker::count_lookups(std::string domain) {
  std::deque<std::string> open{std::move(domain)};
  LookUps out;
  unsigned& count = out.count;
  for (unsigned followed = 0; !open.empty() && followed < records_max; ++followed) {
    std::string const name = std::move(open.front());
    open.pop_front();
    auto const found = co_await texts(name);
    if (!found && out.unanswered.empty()) out.unanswered = name;
    if (!found) continue;
    if (std::ranges::none_of(*found, spf::is_record) && out.missing.empty()) out.missing = name;
    for (std::string const& text : *found) {
      auto const record =
          spf::is_record(text) ? spf::parse_record(text) : std::unexpected{spf::SyntaxError{}};
      if (!record) continue;
      count += spf::terms_with_lookups(*record);
      for (spf::Directive const& directive : record->directives) {
        bool const include = directive.mechanism == spf::Mechanism::include;
        if (include && !directive.domain_spec.contains('%')) open.push_back(directive.domain_spec);
      }
      if (!record->redirect.empty() && !record->redirect.contains('%')) {
        open.push_back(record->redirect);
      }
    }
  }
  co_return out;
}

Task<void> Checker::check_spf() {
  auto const found = co_await texts(domain());
  if (!found) {
    say("spf", Judgement::unknown, words::dns_failed, "", domain());
    co_return;
  }
  std::vector<std::string> records;
  std::ranges::copy_if(*found, std::back_inserter(records), spf::is_record);
  if (records.empty()) {
    say("spf", Judgement::bad, words::spf_none,
        fmt::format("{}. IN TXT \"v=spf1 {}\"", domain(), hosts_.empty() ? "-all" : "mx -all"));
    co_return;
  }
  if (records.size() > 1) {
    say("spf", Judgement::bad, words::spf_several, "");
    co_return;
  }
  auto const record = spf::parse_record(records.front());
  if (!record) {
    say("spf", Judgement::bad, words::spf_bad, "",
        fmt::format("{} ({})", record.error().problem, escape_for_display(record.error().term)));
    co_return;
  }
  for (spf::Directive const& directive : record->directives) {
    bool const open =
        directive.mechanism == spf::Mechanism::all && directive.qualifier == spf::Qualifier::pass;
    if (open) say("spf", Judgement::bad, words::spf_open, "");
  }
  auto const [count, unanswered, missing] = co_await count_lookups(domain());
  if (count > 10) {
    say("spf", Judgement::bad, words::spf_lookups, "", count);
  } else if (!missing.empty()) {
    say("spf", Judgement::bad, words::spf_missing, "", escape_for_display(missing, 100));
  } else if (!unanswered.empty()) {
    say("spf", Judgement::unknown, words::spf_include, "", escape_for_display(unanswered, 100));
  } else {
    say("spf", Judgement::good, words::spf_good, "", count);
  }
}

Task<void> Checker::check_dkim() {
  if (question_.selectors.empty()) {
    say("dkim", Judgement::unknown, words::dkim_unknown, "");
  }
  for (std::string const& selector : question_.selectors) {
    dns::Question question{dns::normal_name(selector + "._domainkey." + domain()), dns::Type::txt};
    dns::Answer const answer = co_await resolver_.ask(question);
    auto const record = dkim::key_from(answer);
    auto const key =
        record ? dkim::PublicKey::from_octets(record->type, record->key) : std::nullopt;
    std::string problem{record ? "" : dkim::problem_text(record.error())};
    if (record && !key) problem = dkim::problem_text(dkim::Problem::key_syntax);
    bool const small = key && key->type() == dkim::KeyType::rsa && key->bits() < 1024;
    if (small) problem = dkim::problem_text(dkim::Problem::key_small);
    if (problem.empty()) {
      say("dkim", Judgement::good, words::dkim_good, "", escape_for_display(selector), key->bits());
    } else {
      say("dkim", Judgement::bad, words::dkim_bad, "", escape_for_display(selector), problem);
    }
  }
}

Task<void> Checker::check_dmarc() {
  dns::Facts facts;
  dmarc::Input const input{domain(), {}, {}};
  dmarc::Result result;
  for (;;) {
    auto outcome = dmarc::evaluate(input, facts);
    if (auto* settled = std::get_if<dmarc::Result>(&outcome)) {
      result = std::move(*settled);
      break;
    }
    auto question = std::get<dns::Question>(std::move(outcome));
    dns::Answer answer = co_await resolver_.ask(question);
    facts.insert_or_assign(std::move(question), std::move(answer));
  }
  if (result.word == dmarc::Word::temperror) {
    say("dmarc", Judgement::unknown, words::dns_failed, "", domain());
  } else if (result.record_domain.empty()) {
    say("dmarc", Judgement::bad, words::dmarc_none,
        fmt::format("_dmarc.{0}. IN TXT \"v=DMARC1; p=none; rua=mailto:dmarc@{0}\"", domain()));
  } else if (result.policy == dmarc::Policy::none) {
    say("dmarc", Judgement::advice, words::dmarc_mild, "", result.record_domain);
  } else {
    say("dmarc", Judgement::good, words::dmarc_good, "", dmarc::text(result.policy),
        result.record_domain);
  }
}

Task<void> Checker::check_mta_sts() {
  if (hosts_.empty()) co_return;
  auto const found = co_await texts("_mta-sts." + domain());
  if (!found) {
    say("mta-sts", Judgement::unknown, words::dns_failed, "", domain());
    co_return;
  }
  auto const at = std::ranges::find_if(*found, mtasts::is_record);
  if (at == found->end()) {
    say("mta-sts", Judgement::advice, words::sts_none,
        fmt::format("_mta-sts.{}. IN TXT \"v=STSv1; id=1\"", domain()));
    co_return;
  }
  auto const record = mtasts::parse_record(*at);
  if (record) {
    say("mta-sts", Judgement::good, words::sts_good, "", record->id);
  } else {
    say("mta-sts", Judgement::bad, words::record_bad, "", record.error().problem);
  }
}

Task<void> Checker::check_tlsrpt() {
  if (hosts_.empty()) co_return;
  auto const found = co_await texts("_smtp._tls." + domain());
  if (!found) {
    say("tlsrpt", Judgement::unknown, words::dns_failed, "", domain());
    co_return;
  }
  auto const at = std::ranges::find_if(*found, tlsrpt::is_record);
  if (at == found->end()) {
    say("tlsrpt", Judgement::advice, words::tlsrpt_none,
        fmt::format("_smtp._tls.{0}. IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@{0}\"", domain()));
    co_return;
  }
  auto const record = tlsrpt::parse_record(*at);
  if (record) {
    say("tlsrpt", Judgement::good, words::tlsrpt_good, "",
        escape_for_display(record->report_uris.front()));
  } else {
    say("tlsrpt", Judgement::bad, words::record_bad, "", record.error().problem);
  }
}

Task<void> Checker::check_tlsa() {
  for (std::string const& host : hosts_) {
    dns::Question question{dane::record_name(host, 25), dns::Type::tlsa};
    dns::Answer const answer = co_await resolver_.ask(question);
    auto const* found = std::get_if<dns::Found>(&answer);
    if (found == nullptr) {
      bool const failed = std::holds_alternative<dns::Failed>(answer);
      say("tlsa", failed ? Judgement::unknown : Judgement::advice,
          failed ? words::dns_failed : words::tlsa_none, "", host);
      continue;
    }
    auto const usable = std::ranges::count_if(found->records, [](dns::Record const& record) {
      auto const* tlsa = std::get_if<dns::Tlsa>(&record);
      return tlsa != nullptr && dane::is_usable(*tlsa);
    });
    if (usable > 0) {
      say("tlsa", Judgement::good, words::tlsa_good, "", host, usable);
    } else {
      say("tlsa", Judgement::bad, words::tlsa_bad, "", host);
    }
  }
}

Task<void> Checker::check_reverse() {
  std::vector<IpAddress> senders = question_.addresses;
  for (std::string const& host : hosts_) {
    if (!question_.addresses.empty()) break;
    for (IpAddress const& address : co_await addresses(host)) senders.push_back(address);
  }
  if (senders.size() > hosts_max) senders.resize(hosts_max);
  for (IpAddress const& address : senders) {
    dns::Facts facts;
    spf::ReverseResult result;
    for (;;) {
      auto outcome = spf::check_reverse(address, facts);
      if (auto* settled = std::get_if<spf::ReverseResult>(&outcome)) {
        result = std::move(*settled);
        break;
      }
      auto question = std::get<dns::Question>(std::move(outcome));
      dns::Answer answer = co_await resolver_.ask(question);
      facts.insert_or_assign(std::move(question), std::move(answer));
    }
    if (result.word == spf::Word::pass) {
      say("ptr", Judgement::good, words::ptr_good, "", address.text(), result.name);
    } else if (result.word == spf::Word::temperror) {
      say("ptr", Judgement::unknown, words::dns_failed, "", address.text());
    } else {
      say("ptr", Judgement::bad, words::ptr_bad,
          fmt::format("{}. IN PTR {}.", dns::reverse_name(address),
                      hosts_.empty() ? "mail." + domain() : hosts_.front()),
          address.text());
    }
  }
}

Task<std::vector<Finding>> Checker::run() {
  co_await check_mx();
  co_await check_spf();
  co_await check_dkim();
  co_await check_dmarc();
  co_await check_reverse();
  co_await check_mta_sts();
  co_await check_tlsrpt();
  co_await check_tlsa();
  co_return std::move(findings_);
}
}  // namespace

std::string_view text(Judgement judgement) {
  switch (judgement) {
    case Judgement::good:
      return "good";
    case Judgement::advice:
      return "advice";
    case Judgement::bad:
      return "bad";
    case Judgement::unknown:
      return "unknown";
  }
  return {};
}

boost::asio::awaitable<std::vector<Finding>> check_domain(runtime::Resolver& resolver,
                                                          DomainQuestion question) {
  question.domain = dns::normal_name(question.domain);
  Checker checker{resolver, question};
  co_return co_await checker.run();
}
}  // namespace pb::cli
