// record.cpp: see record.hpp.                          Spec: RFC 7208 §4.6.1, §5, §6, §12.
#include "spf/record.hpp"

#include <algorithm>
#include <optional>

#include "base/ascii.hpp"
#include "spf/macro.hpp"

namespace pb::spf {
namespace {
enum class Argument : std::uint8_t { none, domain_required, domain_optional, network };
struct MechanismRule {
  std::string_view name;
  Mechanism mechanism;
  Argument argument;
  bool dual_cidr;  // takes [ ip4-cidr-length ] [ "/" ip6-cidr-length ]
};
constexpr std::array<MechanismRule, 8> mechanism_rules{{
    {"all", Mechanism::all, Argument::none, false},                     // RFC 7208 §5.1
    {"include", Mechanism::include, Argument::domain_required, false},  // §5.2
    {"a", Mechanism::a, Argument::domain_optional, true},               // §5.3
    {"mx", Mechanism::mx, Argument::domain_optional, true},             // §5.4
    {"ptr", Mechanism::ptr, Argument::domain_optional, false},          // §5.5
    {"ip4", Mechanism::ip4, Argument::network, false},                  // §5.6
    {"ip6", Mechanism::ip6, Argument::network, false},                  // §5.6
    {"exists", Mechanism::exists, Argument::domain_required, false},    // §5.7
}};

MechanismRule const* rule_of(std::string_view name) {
  for (MechanismRule const& rule : mechanism_rules) {
    if (ascii::iequals(rule.name, name)) return &rule;
  }
  return nullptr;
}

/// ip4-cidr-length = "/" ("0" / %x31-39 0*1DIGIT); ip6: up to three digits. No leading zero.
std::optional<unsigned> parse_prefix(std::string_view digits, unsigned bits_max) {
  if (digits.empty() || digits.size() > 3 || !std::ranges::all_of(digits, ascii::is_digit)) {
    return std::nullopt;
  }
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  unsigned value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  if (value > bits_max) return std::nullopt;
  return value;
}

/// Takes "/" digits, with `slashes` of them, off the end of `text`. Digits that are no prefix
/// length are taken too and reported.
enum class Cidr { absent, taken, malformed };
Cidr take_cidr(std::string_view& text, std::string_view slashes, unsigned bits_max,
               unsigned& bits) {
  std::size_t const slash = text.rfind('/');
  if (slash == std::string_view::npos || slash + 1 < slashes.size()) return Cidr::absent;
  std::string_view const digits = text.substr(slash + 1);
  if (digits.empty() || !std::ranges::all_of(digits, ascii::is_digit)) return Cidr::absent;
  std::size_t const begin = slash + 1 - slashes.size();
  bool const two = slash > 0 && text[slash - 1] == '/';
  if (two != (slashes.size() == 2)) return Cidr::absent;
  auto const value = parse_prefix(digits, bits_max);
  if (!value) return Cidr::malformed;
  bits = *value;
  text = text.substr(0, begin);
  return Cidr::taken;
}

char const* parse_network(std::string_view text, Directive& out) {
  bool const four = out.mechanism == Mechanism::ip4;
  unsigned& bits = four ? out.prefix4_bits : out.prefix6_bits;
  if (take_cidr(text, "/", four ? 32 : 128, bits) == Cidr::malformed) {
    return four ? "the prefix is no number from 0 to 32" : "the prefix is no number from 0 to 128";
  }
  bool const colon = text.contains(':');
  auto const address = IpAddress::parse(text);
  if (!address || colon == four) {
    return four ? "this is no IPv4 network" : "this is no IPv6 network";
  }
  out.network = address->bytes();
  return nullptr;
}

/// What stands behind the mechanism's name: "" or ":..." or "/...".
char const* parse_argument(std::string_view rest, MechanismRule const& rule, Directive& out) {
  if (rule.argument == Argument::none) {
    return rest.empty() ? nullptr : "this mechanism takes no argument";
  }
  if (rule.argument == Argument::network) {
    if (!rest.starts_with(':')) return "the network is missing";
    return parse_network(rest.substr(1), out);
  }
  if (rule.dual_cidr) {
    if (take_cidr(rest, "//", 128, out.prefix6_bits) == Cidr::malformed) {
      return "the IPv6 prefix is no number from 0 to 128";
    }
    if (take_cidr(rest, "/", 32, out.prefix4_bits) == Cidr::malformed) {
      return "the IPv4 prefix is no number from 0 to 32";
    }
  }
  if (rest.empty()) {
    return rule.argument == Argument::domain_required ? "the domain is missing" : nullptr;
  }
  if (rest.front() != ':') return "unknown characters behind the mechanism";
  out.domain_spec = rest.substr(1);
  return domain_spec_problem(out.domain_spec);
}

char const* parse_directive(std::string_view term, Record& record) {
  Directive out;
  out.text = term;
  switch (term.front()) {
    case '+':
      out.qualifier = Qualifier::pass;
      term.remove_prefix(1);
      break;
    case '-':
      out.qualifier = Qualifier::fail;
      term.remove_prefix(1);
      break;
    case '~':
      out.qualifier = Qualifier::softfail;
      term.remove_prefix(1);
      break;
    case '?':
      out.qualifier = Qualifier::neutral;
      term.remove_prefix(1);
      break;
  }
  std::size_t const name_end = std::min(term.find_first_of(":/"), term.size());
  MechanismRule const* const rule = rule_of(term.substr(0, name_end));
  if (rule == nullptr) return "unknown mechanism";
  out.mechanism = rule->mechanism;
  if (auto const* problem = parse_argument(term.substr(name_end), *rule, out)) return problem;
  record.directives.push_back(std::move(out));
  return nullptr;
}

/// modifier = redirect / explanation / unknown-modifier; name = ALPHA *( ALPHA / DIGIT / - _ . )
char const* parse_modifier(std::string_view name, std::string_view value, Record& record) {
  bool const legal =
      !name.empty() && ascii::is_alpha(name.front()) && std::ranges::all_of(name, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
      });
  if (!legal) return "this is no name of a modifier";
  bool const redirect = ascii::iequals(name, "redirect");
  if (redirect || ascii::iequals(name, "exp")) {
    std::string& slot = redirect ? record.redirect : record.exp;
    if (!slot.empty()) return "redirect and exp may appear once only";
    slot = value;
    return domain_spec_problem(value);
  }
  record.unknown.push_back({std::string{name}, std::string{value}});
  return macro_problem(value, MacroUse::domain_spec);
}

/// A modifier has '=' before any ':' or '/' (RFC 7208 §4.6.1).
char const* parse_term(std::string_view term, Record& record) {
  std::size_t const mark = term.find_first_of("=:/");
  if (mark != std::string_view::npos && term[mark] == '=') {
    return parse_modifier(term.substr(0, mark), term.substr(mark + 1), record);
  }
  return parse_directive(term, record);
}
}  // namespace

bool is_record(std::string_view text) {
  constexpr std::string_view version = "v=spf1";
  return ascii::istarts_with(text, version) &&
         (text.size() == version.size() || text[version.size()] == ' ');
}

/// record = version terms *SP; terms = *( 1*SP ( directive / modifier ) )
std::expected<Record, SyntaxError> parse_record(std::string_view text) {
  if (!is_record(text)) return std::unexpected{SyntaxError{"", "it does not begin with v=spf1"}};
  Record record;
  for (std::string_view term : ascii::split(text.substr(6), ' ')) {
    if (term.empty()) continue;
    if (auto const* problem = parse_term(term, record)) {
      return std::unexpected{SyntaxError{std::string{term}, problem}};
    }
  }
  return record;
}

unsigned terms_with_lookups(Record const& record) {
  unsigned count = record.redirect.empty() ? 0 : 1;
  for (Directive const& directive : record.directives) {
    switch (directive.mechanism) {
      case Mechanism::all:
      case Mechanism::ip4:
      case Mechanism::ip6:
        break;
      case Mechanism::include:
      case Mechanism::a:
      case Mechanism::mx:
      case Mechanism::ptr:
      case Mechanism::exists:
        ++count;
        break;
    }
  }
  return count;
}

std::string_view name(Mechanism mechanism) {
  for (MechanismRule const& rule : mechanism_rules) {
    if (rule.mechanism == mechanism) return rule.name;
  }
  return {};
}
}  // namespace pb::spf
