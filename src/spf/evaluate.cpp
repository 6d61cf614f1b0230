// evaluate.cpp: see evaluate.hpp. Every call evaluates from the start; facts make it go on.
// Spec: RFC 7208 §4 (check_host), §4.6.4 (limits), §5, §6.       Not here: syntax (record.cpp).
#include "spf/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <optional>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dns/name.hpp"
#include "spf/macro.hpp"
#include "spf/record.hpp"

namespace pb::spf {
namespace {
constexpr unsigned lookups_max = 10;       // RFC 7208 §4.6.4
constexpr unsigned void_lookups_max = 2;   // §4.6.4, §11.1
constexpr std::size_t names_max = 10;      // §4.6.4: of one mx, of one ptr
constexpr std::size_t redirects_max = 11;  // more than `lookups_max` can follow

/// Evaluation cannot go on: a question is open, or the result is an error.
struct Problem {
  Word word = Word::permerror;
  std::string text;
};
using Stop = std::variant<dns::Question, Problem>;
template <class T>
using Step = std::expected<T, Stop>;

std::unexpected<Stop> permerror(std::string text) {
  return std::unexpected{Stop{Problem{Word::permerror, std::move(text)}}};
}
std::unexpected<Stop> temperror(std::string_view name) {
  return std::unexpected{
      Stop{Problem{Word::temperror, fmt::format("DNS failed for {}", escape_for_display(name))}}};
}

enum class Count { void_lookup, nothing };
enum class OnFailure { temperror, skip };

Word word_of(Qualifier qualifier) {
  switch (qualifier) {
    case Qualifier::pass:
      return Word::pass;
    case Qualifier::fail:
      return Word::fail;
    case Qualifier::softfail:
      return Word::softfail;
    case Qualifier::neutral:
      return Word::neutral;
  }
  return Word::neutral;
}

bool prefix_equal(std::array<std::uint8_t, 16> const& a, std::array<std::uint8_t, 16> const& b,
                  unsigned bits) {
  unsigned const whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  unsigned const rest = bits % 8;
  if (rest == 0) return true;
  auto const mask = static_cast<std::uint8_t>(0xFF00U >> rest);
  return (a[whole] & mask) == (b[whole] & mask);
}

class Evaluation {
 public:
  Evaluation(Params const& params, dns::Facts const& facts) : params_{params}, facts_{facts} {}
  std::variant<Result, dns::Question> run();

 private:
  struct Verdict {
    Word word = Word::neutral;
    std::string mechanism;
    std::string domain;
    std::string exp;  // of the record that decided
  };
  using Records = std::vector<dns::Record>;

  /// The records, none when there are none; questions and failures stop.
  Step<Records> look_up(std::string_view name, dns::Type type, Count count, OnFailure on_failure);
  Step<std::optional<Record>> fetch_record(std::string const& domain);
  Step<Verdict> evaluate(std::string domain);
  Step<bool> matches(Directive const& directive, std::string const& domain);
  Step<bool> include_matches(std::string const& target);
  Step<bool> addresses_match(std::string const& name, Directive const& directive);
  Step<bool> mx_matches(std::string const& target, Directive const& directive);
  Step<bool> ptr_matches(std::string const& target);
  Step<bool> points_back(std::string const& name);
  Step<std::string> validated_name(std::string const& domain);
  Step<std::string> target(std::string const& domain_spec, std::string const& domain);
  Step<std::string> explanation(Verdict const& verdict);
  Step<Verdict> whole_evaluation();
  MacroValues values(std::string const& domain, std::string const& validated) const;
  [[nodiscard]] bool in_network(IpAddress const& address, Directive const& directive) const;
  [[nodiscard]] std::string_view sender_local() const {
    return params_.sender_local.empty() ? "postmaster" : std::string_view{params_.sender_local};
  }
  [[nodiscard]] std::string_view sender_domain() const {
    return params_.sender_domain.empty() ? params_.domain : params_.sender_domain;
  }

  Params const& params_;
  dns::Facts const& facts_;
  Result result_;
};

Step<Evaluation::Records> Evaluation::look_up(std::string_view name, dns::Type type, Count count,
                                              OnFailure on_failure) {
  dns::Question question{dns::normal_name(name), type};
  // A name that cannot be asked does not exist (RFC 7208 §4.8).
  if (!dns::valid_name(question.name)) return Records{};
  auto const fact = facts_.find(question);
  if (fact == facts_.end()) return std::unexpected{Stop{std::move(question)}};
  if (auto const* found = std::get_if<dns::Found>(&fact->second)) {
    if (!found->records.empty()) return found->records;
  }
  if (std::holds_alternative<dns::Failed>(fact->second)) {
    if (on_failure == OnFailure::temperror) return temperror(question.name);
    return Records{};
  }
  if (count == Count::void_lookup && ++result_.void_lookups > void_lookups_max) {
    return permerror("more than 2 look-ups found nothing (RFC 7208 4.6.4)");
  }
  return Records{};
}

/// §4.4, §4.5: exactly one record, or none.
Step<std::optional<Record>> Evaluation::fetch_record(std::string const& domain) {
  auto const texts = look_up(domain, dns::Type::txt, Count::nothing, OnFailure::temperror);
  if (!texts) return std::unexpected{texts.error()};
  dns::Txt const* chosen = nullptr;
  for (dns::Record const& record : *texts) {
    auto const* text = std::get_if<dns::Txt>(&record);
    if (text == nullptr || !is_record(text->text)) continue;
    if (chosen != nullptr) {
      return permerror(fmt::format("{} has more than one SPF record", escape_for_display(domain)));
    }
    chosen = text;
  }
  if (chosen == nullptr) return std::optional<Record>{};
  auto parsed = parse_record(chosen->text);
  if (!parsed) {
    return permerror(fmt::format("the record of {}: {} (\"{}\")", escape_for_display(domain),
                                 parsed.error().problem, escape_for_display(parsed.error().term)));
  }
  return std::optional<Record>{std::move(*parsed)};
}

MacroValues Evaluation::values(std::string const& domain, std::string const& validated) const {
  return {sender_local(),   sender_domain(), domain,     params_.helo,
          params_.receiver, validated,       params_.ip, params_.now};
}

bool Evaluation::in_network(IpAddress const& address, Directive const& directive) const {
  if (address.is_v4() != params_.ip.is_v4()) return false;
  unsigned const bits = address.is_v4() ? 96 + directive.prefix4_bits : directive.prefix6_bits;
  return prefix_equal(address.bytes(), params_.ip.bytes(), bits);
}

Step<bool> Evaluation::addresses_match(std::string const& name, Directive const& directive) {
  dns::Type const type = params_.ip.is_v4() ? dns::Type::a : dns::Type::aaaa;
  auto const records = look_up(name, type, Count::void_lookup, OnFailure::temperror);
  if (!records) return std::unexpected{records.error()};
  return std::ranges::any_of(*records, [&](dns::Record const& record) {
    auto const* address = std::get_if<IpAddress>(&record);
    return address != nullptr && in_network(*address, directive);
  });
}

/// §4.6.4: at most 10 address look-ups an mx; needing an 11th is a permerror, not a quiet stop.
Step<bool> Evaluation::mx_matches(std::string const& target, Directive const& directive) {
  auto const records = look_up(target, dns::Type::mx, Count::void_lookup, OnFailure::temperror);
  if (!records) return std::unexpected{records.error()};
  std::size_t asked = 0;
  for (dns::Record const& record : *records) {
    auto const* mx = std::get_if<dns::Mx>(&record);
    if (mx == nullptr) continue;
    if (++asked > names_max) {
      return permerror(fmt::format("{} has more than 10 MX names", escape_for_display(target)));
    }
    auto const match = addresses_match(mx->exchange, directive);
    if (!match || *match) return match;
  }
  return false;
}

/// The name's own addresses hold the client's; failures mean that it does not (§5.5).
Step<bool> Evaluation::points_back(std::string const& name) {
  dns::Type const type = params_.ip.is_v4() ? dns::Type::a : dns::Type::aaaa;
  auto const records = look_up(name, type, Count::nothing, OnFailure::skip);
  if (!records) return std::unexpected{records.error()};
  return std::ranges::find(*records, dns::Record{params_.ip}) != records->end();
}

Step<bool> Evaluation::ptr_matches(std::string const& target) {
  auto const names =
      look_up(dns::reverse_name(params_.ip), dns::Type::ptr, Count::void_lookup, OnFailure::skip);
  if (!names) return std::unexpected{names.error()};
  for (std::size_t i = 0; i < names->size() && i < names_max; ++i) {
    auto const* pointer = std::get_if<dns::Name>(&(*names)[i]);
    if (pointer == nullptr) continue;
    std::string const name = dns::normal_name(pointer->name);
    if (!dns::is_or_below(name, dns::normal_name(target))) continue;
    auto const back = points_back(name);
    if (!back || *back) return back;
  }
  return false;
}

/// %{p}: <domain> itself first, then a name below it, then any (§7.3); "unknown" when none.
Step<std::string> Evaluation::validated_name(std::string const& domain) {
  auto const names =
      look_up(dns::reverse_name(params_.ip), dns::Type::ptr, Count::nothing, OnFailure::skip);
  if (!names) return std::unexpected{names.error()};
  std::string below;
  std::string any;
  for (std::size_t i = 0; i < names->size() && i < names_max; ++i) {
    auto const* pointer = std::get_if<dns::Name>(&(*names)[i]);
    if (pointer == nullptr) continue;
    std::string const name = dns::normal_name(pointer->name);
    auto const back = points_back(name);
    if (!back) return std::unexpected{back.error()};
    if (!*back) continue;
    if (ascii::iequals(name, domain)) return name;
    if (below.empty() && dns::is_or_below(name, domain)) below = name;
    if (any.empty()) any = name;
  }
  return below.empty() ? any : below;
}

/// The <target-name> (§4.8): the expanded domain-spec, or the current domain.
Step<std::string> Evaluation::target(std::string const& domain_spec, std::string const& domain) {
  if (domain_spec.empty()) return domain;
  std::string validated;
  if (uses_validated_name(domain_spec)) {
    auto name = validated_name(domain);
    if (!name) return name;
    validated = std::move(*name);
  }
  auto expanded = expand(domain_spec, values(domain, validated), MacroUse::domain_spec);
  return fit_domain(std::move(expanded).value_or(std::string{}));
}

/// §5.2, the table: only pass matches, temperror and permerror end everything, none is permerror.
Step<bool> Evaluation::include_matches(std::string const& target) {
  auto const inner = evaluate(target);
  if (!inner) return std::unexpected{inner.error()};
  switch (inner->word) {
    case Word::pass:
      return true;
    case Word::fail:
    case Word::softfail:
    case Word::neutral:
      return false;
    case Word::none:
    case Word::temperror:
    case Word::permerror:
      break;
  }
  return permerror(fmt::format("include: {} has no SPF record", escape_for_display(target)));
}

Step<bool> Evaluation::matches(Directive const& directive, std::string const& domain) {
  switch (directive.mechanism) {
    case Mechanism::all:
      return true;
    case Mechanism::ip4:
      return params_.ip.is_v4() &&
             prefix_equal(directive.network, params_.ip.bytes(), 96 + directive.prefix4_bits);
    case Mechanism::ip6:
      // An IPv4-mapped address is IPv4 (§5): it never matches here.
      return params_.ip.is_v6() &&
             prefix_equal(directive.network, params_.ip.bytes(), directive.prefix6_bits);
    case Mechanism::include:
    case Mechanism::a:
    case Mechanism::mx:
    case Mechanism::ptr:
    case Mechanism::exists:
      break;
  }
  if (++result_.lookups > lookups_max) {
    result_.lookups = lookups_max;
    return permerror("more than 10 terms ask DNS (RFC 7208 4.6.4)");
  }
  auto const name = target(directive.domain_spec, domain);
  if (!name) return std::unexpected{name.error()};
  if (directive.mechanism == Mechanism::include) return include_matches(*name);
  if (directive.mechanism == Mechanism::a) return addresses_match(*name, directive);
  if (directive.mechanism == Mechanism::mx) return mx_matches(*name, directive);
  if (directive.mechanism == Mechanism::ptr) return ptr_matches(*name);
  // exists asks for A records, whatever the client's family (§5.7).
  auto const records = look_up(*name, dns::Type::a, Count::void_lookup, OnFailure::temperror);
  if (!records) return std::unexpected{records.error()};
  return !records->empty();
}

/// One record after another along redirects; `none` when the first domain has no record.
Step<Evaluation::Verdict> Evaluation::evaluate(std::string domain) {
  for (std::size_t redirects = 0; redirects <= redirects_max; ++redirects) {
    auto const record = fetch_record(domain);
    if (!record) return std::unexpected{record.error()};
    if (!*record) {
      if (redirects == 0) return Verdict{Word::none, {}, domain, {}};
      return permerror(fmt::format("redirect: {} has no SPF record", escape_for_display(domain)));
    }
    for (Directive const& directive : (*record)->directives) {
      auto const match = matches(directive, domain);
      if (!match) return std::unexpected{match.error()};
      if (*match) {
        return Verdict{word_of(directive.qualifier), directive.text, domain, (*record)->exp};
      }
    }
    if ((*record)->redirect.empty()) return Verdict{Word::neutral, {}, domain, {}};
    if (++result_.lookups > lookups_max) {
      result_.lookups = lookups_max;
      return permerror("more than 10 terms ask DNS (RFC 7208 4.6.4)");
    }
    auto next = target((*record)->redirect, domain);
    if (!next) return std::unexpected{next.error()};
    domain = std::move(*next);
  }
  return permerror("redirects without end");
}

/// §6.2: whatever goes wrong here means that there is no explanation.
Step<std::string> Evaluation::explanation(Verdict const& verdict) {
  if (verdict.word != Word::fail || verdict.exp.empty()) return std::string{};
  auto const name = target(verdict.exp, verdict.domain);
  if (!name) return std::unexpected{name.error()};
  auto const texts = look_up(*name, dns::Type::txt, Count::nothing, OnFailure::skip);
  if (!texts) return std::unexpected{texts.error()};
  if (texts->size() != 1) return std::string{};
  auto const* text = std::get_if<dns::Txt>(&texts->front());
  if (text == nullptr || macro_problem(text->text, MacroUse::explanation) != nullptr) {
    return std::string{};
  }
  std::string validated;
  if (uses_validated_name(text->text)) {
    auto valid = validated_name(verdict.domain);
    if (!valid) return valid;
    validated = std::move(*valid);
  }
  return expand(text->text, values(verdict.domain, validated), MacroUse::explanation)
      .value_or(std::string{});
}

Step<Evaluation::Verdict> Evaluation::whole_evaluation() {
  auto verdict = evaluate(params_.domain);
  if (!verdict) return verdict;
  auto text = explanation(*verdict);
  if (!text) return std::unexpected{text.error()};
  result_.explanation = std::move(*text);
  return verdict;
}

std::variant<Result, dns::Question> Evaluation::run() {
  // §4.3: malformed, or of one label: none, and no question.
  std::string const domain = dns::normal_name(params_.domain);
  if (!dns::valid_name(domain) || !domain.contains('.') || domain.starts_with('[')) {
    result_.problem = "the domain is no name of several labels";
    result_.domain = params_.domain;
    return result_;
  }
  auto verdict = whole_evaluation();
  if (!verdict) {
    if (auto* question = std::get_if<dns::Question>(&verdict.error())) return std::move(*question);
    auto& problem = std::get<Problem>(verdict.error());
    result_.word = problem.word;
    result_.problem = std::move(problem.text);
    result_.domain = params_.domain;
    return result_;
  }
  result_.word = verdict->word;
  result_.mechanism = std::move(verdict->mechanism);
  result_.domain = std::move(verdict->domain);
  if (result_.word == Word::none) result_.problem = "the domain has no SPF record";
  return result_;
}
}  // namespace

std::string_view text(Word word) {
  switch (word) {
    case Word::none:
      return "none";
    case Word::neutral:
      return "neutral";
    case Word::pass:
      return "pass";
    case Word::fail:
      return "fail";
    case Word::softfail:
      return "softfail";
    case Word::temperror:
      return "temperror";
    case Word::permerror:
      return "permerror";
  }
  return {};
}

Params helo_params(IpAddress const& ip, std::string_view helo) {
  Params out;
  out.ip = ip;
  out.domain = helo;
  out.helo = helo;
  return out;
}

Params identity_params(IpAddress const& ip, std::string_view helo, std::string_view mail_from) {
  Params out = helo_params(ip, helo);
  if (mail_from.empty()) return out;
  std::size_t const at = mail_from.rfind('@');
  out.sender_local = at == std::string_view::npos ? "" : mail_from.substr(0, at);
  out.domain = at == std::string_view::npos ? mail_from : mail_from.substr(at + 1);
  out.sender_domain = out.domain;
  return out;
}

std::variant<Result, dns::Question> check_host(Params const& params, dns::Facts const& facts) {
  return Evaluation{params, facts}.run();
}

std::variant<ReverseResult, dns::Question> check_reverse(IpAddress const& ip,
                                                         dns::Facts const& facts) {
  dns::Question question{dns::reverse_name(ip), dns::Type::ptr};
  auto const pointers = facts.find(question);
  if (pointers == facts.end()) return question;
  if (std::holds_alternative<dns::Failed>(pointers->second))
    return ReverseResult{Word::temperror, {}};
  auto const* found = std::get_if<dns::Found>(&pointers->second);
  if (found == nullptr || found->records.empty()) return ReverseResult{Word::permerror, {}};
  bool failed = false;
  for (std::size_t i = 0; i < found->records.size() && i < names_max; ++i) {
    auto const* pointer = std::get_if<dns::Name>(&found->records[i]);
    if (pointer == nullptr || !dns::valid_name(dns::normal_name(pointer->name))) continue;
    dns::Question back{dns::normal_name(pointer->name),
                       ip.is_v4() ? dns::Type::a : dns::Type::aaaa};
    auto const fact = facts.find(back);
    if (fact == facts.end()) return back;
    failed = failed || std::holds_alternative<dns::Failed>(fact->second);
    auto const* addresses = std::get_if<dns::Found>(&fact->second);
    if (addresses == nullptr) continue;
    if (std::ranges::find(addresses->records, dns::Record{ip}) != addresses->records.end()) {
      return ReverseResult{Word::pass, std::move(back.name)};
    }
  }
  return ReverseResult{failed ? Word::temperror : Word::fail, {}};
}
}  // namespace pb::spf
