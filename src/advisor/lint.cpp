// lint.cpp: keys and their roles as a table; a value's meaning by its role; rules over all of it.
// Spec: lint.hpp; msmtp(1), postconf(5), PHPMailer, nodemailer, Django, Laravel, Symfony, Rails,
// Spring, Jakarta Mail, mutt(1), smtplib, s-nail(1), curl(1), swaks(1), Exim. Tests: lint_test.cpp
#include "advisor/lint.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
enum class Role : std::uint8_t {
  port,
  host,
  host_and_port,  // "[host]:587"
  url,            // "smtps://user@host:465"
  kind,           // a word: ssl, tls, starttls, smtps, none
  tls_on,         // off: no encryption
  implicit_on,
  starttls_on,
  starttls_on_or_implicit,  // off means TLS from the first byte
  starttls_required,
  level,  // Postfix
  verify_on,
  verify_off,
  trust_all,   // "*" trusts everybody
  checks_off,  // its mere presence
  python_implicit,
  python_plain,
  old_key,
  optional_word,  // their mere presence
  implicit_word,
  no_tls_for,   // "*": never TLS
  exim_route,   // "* smtp.example.com::587"
  verify_word,  // s-nail: strict, warn, ignore
};

struct Key {
  std::string_view program, key;
  Role role;
};
constexpr Key keys[] = {
    {"msmtp", "host", Role::host},
    {"msmtp", "port", Role::port},
    {"msmtp", "tls", Role::tls_on},
    {"msmtp", "tls_starttls", Role::starttls_on_or_implicit},
    {"msmtp", "tls_certcheck", Role::verify_on},
    {"postfix", "relayhost", Role::host_and_port},
    {"postfix", "smtp_tls_security_level", Role::level},
    {"postfix", "smtp_tls_wrappermode", Role::implicit_on},
    {"wordpress", "WPMS_SMTP_HOST", Role::host},
    {"wordpress", "WPMS_SMTP_PORT", Role::port},
    {"wordpress", "WPMS_SSL", Role::kind},
    {"wordpress", "verify_peer", Role::verify_on},
    {"wordpress", "allow_self_signed", Role::verify_off},
    {"phpmailer", "->Host", Role::host},
    {"phpmailer", "->Port", Role::port},
    {"phpmailer", "->SMTPSecure", Role::kind},
    {"phpmailer", "verify_peer", Role::verify_on},
    {"phpmailer", "verify_peer_name", Role::verify_on},
    {"phpmailer", "allow_self_signed", Role::verify_off},
    {"nodemailer", "host", Role::host},
    {"nodemailer", "port", Role::port},
    {"nodemailer", "secure", Role::implicit_on},
    {"nodemailer", "requireTLS", Role::starttls_required},
    {"nodemailer", "rejectUnauthorized", Role::verify_on},
    {"django", "EMAIL_HOST", Role::host},
    {"django", "EMAIL_PORT", Role::port},
    {"django", "EMAIL_USE_TLS", Role::starttls_on},
    {"django", "EMAIL_USE_SSL", Role::implicit_on},
    {"laravel", "MAIL_HOST", Role::host},
    {"laravel", "MAIL_PORT", Role::port},
    {"laravel", "MAIL_SCHEME", Role::kind},
    {"laravel", "MAIL_ENCRYPTION", Role::old_key},
    {"laravel", "verify_peer", Role::verify_on},
    {"symfony", "MAILER_DSN", Role::url},
    {"rails", "address:", Role::host},
    {"rails", "port:", Role::port},
    {"rails", "enable_starttls:", Role::starttls_required},
    {"rails", "enable_starttls_auto:", Role::starttls_on},
    {"rails", "tls:", Role::implicit_on},
    {"rails", "ssl:", Role::implicit_on},
    {"rails", "openssl_verify_mode:", Role::verify_on},
    {"spring", "spring.mail.host", Role::host},
    {"spring", "spring.mail.port", Role::port},
    {"spring", "spring.mail.properties.mail.smtp.ssl.enable", Role::implicit_on},
    {"spring", "spring.mail.properties.mail.smtp.starttls.enable", Role::starttls_on},
    {"spring", "spring.mail.properties.mail.smtp.starttls.required", Role::starttls_required},
    {"spring", "spring.mail.properties.mail.smtp.ssl.trust", Role::trust_all},
    {"spring", "spring.mail.properties.mail.smtp.ssl.checkserveridentity", Role::verify_on},
    {"javamail", "mail.smtp.host", Role::host},
    {"javamail", "mail.smtp.port", Role::port},
    {"javamail", "mail.smtp.ssl.enable", Role::implicit_on},
    {"javamail", "mail.smtp.starttls.enable", Role::starttls_on},
    {"javamail", "mail.smtp.starttls.required", Role::starttls_required},
    {"javamail", "mail.smtp.ssl.trust", Role::trust_all},
    {"javamail", "mail.smtp.ssl.checkserveridentity", Role::verify_on},
    {"mutt", "smtp_url", Role::url},
    {"mutt", "ssl_force_tls", Role::starttls_required},
    {"mutt", "ssl_starttls", Role::starttls_on},
    {"mutt", "ssl_verify_host", Role::verify_on},
    {"mutt", "ssl_verify_dates", Role::verify_on},
    {"s-nail", "smtp-use-starttls", Role::starttls_required},
    {"s-nail", "mta", Role::url},
    {"s-nail", "tls-verify", Role::verify_word},
    {"curl", "--ssl-reqd", Role::starttls_required},
    {"curl", "--ssl", Role::optional_word},
    {"curl", "--url", Role::url},
    {"curl", "--insecure", Role::checks_off},
    {"curl", "-k", Role::checks_off},
    {"swaks", "--server", Role::host},
    {"swaks", "--port", Role::port},
    {"swaks", "--tls", Role::starttls_required},
    {"swaks", "--tls-optional", Role::optional_word},
    {"swaks", "--tls-on-connect", Role::implicit_word},
    {"exim", "route_list", Role::exim_route},
    {"exim", "hosts_require_tls", Role::starttls_required},
    {"exim", "hosts_avoid_tls", Role::no_tls_for},
    {"exim", "protocol", Role::kind},
    {"exim", "tls_verify_cert_hostnames", Role::verify_on},
    {"python", "smtplib.SMTP_SSL", Role::python_implicit},
    {"python", "smtplib.SMTP", Role::python_plain},
    {"python", ".starttls", Role::starttls_required},
    {"python", "ssl.CERT_NONE", Role::checks_off},
    {"python", "check_hostname", Role::verify_on},
    {"python", "ssl._create_unverified_context", Role::checks_off},
};

/// Programs that say "if available" unless told to require it.
bool is_optional_by_nature(std::string_view program) {
  return program == "nodemailer" || program == "spring" || program == "javamail" ||
         program == "rails" || program == "mutt";
}

struct At {
  std::size_t line = 0;
  std::string_view value;
};

bool is_key_letter(char c) {
  return ascii::is_alnum(c) || c == '_' || c == '.' || c == '-' || c == '>' || c == ':';
}

/// The value behind `key` in `line`; nullopt: the key is not there as a whole word.
std::optional<std::string_view> value_behind(std::string_view line, std::string_view key) {
  for (auto at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
    auto const end = at + key.size();
    bool const starts = at == 0 || !is_key_letter(line[at - 1]) || key[0] == '-' || key[0] == '.';
    bool const ends = end == line.size() ||
                      (!ascii::is_alnum(line[end]) && !std::string_view{"_.-"}.contains(line[end]));
    if (!starts || !ends) continue;
    auto rest = line.substr(end);
    // `define('KEY', 'x')`, `KEY => x`, `key: x`, `KEY="x"`, `key x`
    auto const first = rest.find_first_not_of(" \t'\"=>:,(");
    if (first == std::string_view::npos) return std::string_view{};
    // An empty string stands between two quotes: KEY = '' and define('KEY', '').
    auto lead = rest.substr(0, first);
    while (lead.ends_with(' ')) lead.remove_suffix(1);
    if (lead.ends_with("''") || lead.ends_with("\"\"")) return std::string_view{};
    rest.remove_prefix(first);
    bool const bracketed = rest.starts_with('[');  // Postfix: [host]:587
    return rest.substr(0, rest.find_first_of(bracketed ? " \t'\",;)}" : " \t'\",;)}]"));
  }
  return std::nullopt;
}

std::string_view without_comment(std::string_view line) {
  line = ascii::trim(line);
  for (std::string_view const sign : {"#", "//", ";", "*", "!", "<!--"})
    if (line.starts_with(sign)) return {};
  return line;
}

bool is_yes(std::string_view value) {
  for (auto const* word : {"true", "yes", "on", "1", ":always", "always"})
    if (ascii::iequals(value, word)) return true;
  return false;
}
bool is_no(std::string_view value) {
  for (auto const* word : {"false", "no", "off", "0", "none", ":none", "OpenSSL::SSL::VERIFY_NONE"})
    if (ascii::iequals(value, word)) return true;
  return false;
}

enum class Kind : std::uint8_t { unsaid, none, optional, starttls, implicit_tls };

/// What the rules look at.
struct Setup {
  std::string_view program;
  At port, host;
  Kind kind = Kind::unsaid;
  std::size_t kind_line = 0;
  bool switched_off = false;  // by a line that leaves the others without meaning
  std::size_t implicit_line = 0, starttls_line = 0;
  std::vector<LintFinding> findings;

  void add(std::size_t line, Mistake mistake) {
    bool known = false;
    for (auto const& one : findings) known = known || (one.line == line && one.mistake == mistake);
    if (!known) findings.push_back({line, mistake});
  }
  void set(Kind value, std::size_t line) {
    kind = value;
    kind_line = line;
  }
};

Kind kind_of(std::string_view word) {
  for (auto const* one : {"ssl", "smtps", "ssl/tls"})
    if (ascii::iequals(word, one)) return Kind::implicit_tls;
  if (word.ends_with("ENCRYPTION_SMTPS")) return Kind::implicit_tls;
  for (auto const* one : {"tls", "starttls", "smtp"})
    if (ascii::iequals(word, one)) return Kind::starttls;
  if (word.ends_with("ENCRYPTION_STARTTLS")) return Kind::starttls;
  return Kind::none;
}

/// "[smtp.example.com]:587" and "smtp.example.com:587".
void read_host_and_port(At said, Setup& setup) {
  auto const colon = said.value.rfind(':');
  bool const has_port = colon != std::string_view::npos && !said.value.ends_with(']');
  setup.port = {said.line, has_port ? said.value.substr(colon + 1) : "25"};
}

void read_url(At said, Setup& setup) {
  auto const scheme = said.value.find("://");
  if (scheme == std::string_view::npos) return setup.add(said.line, Mistake::host_has_more);
  bool const implicit = said.value.substr(0, scheme) == "smtps";
  auto rest = said.value.substr(scheme + 3);
  auto const query = rest.find('?');
  if (query != std::string_view::npos) {
    auto const words = rest.substr(query);
    if (words.contains("verify_peer=0") || words.contains("verify_peer=false"))
      setup.add(said.line, Mistake::checks_off);
    if (words.contains("auto_tls=false")) setup.set(Kind::none, said.line);
  }
  rest = rest.substr(0, rest.find_first_of("/?"));
  auto const at = rest.rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  auto const colon = rest.rfind(':');
  setup.port = {said.line, colon == std::string_view::npos ? (implicit ? "465" : "587")
                                                           : rest.substr(colon + 1)};
  bool const required = setup.kind == Kind::starttls || said.value.contains("require_tls=true");
  if (implicit) return setup.set(Kind::implicit_tls, said.line);
  // These two do not even try unless they are told to.
  bool const never = setup.program == "curl" || setup.program == "s-nail";
  if (never && setup.kind == Kind::unsaid) return setup.set(Kind::none, said.line);
  if (never) return;
  if (setup.kind != Kind::none) setup.set(required ? Kind::starttls : Kind::optional, said.line);
}

/// smtplib.SMTP("host", 587): the port is the next number.
void read_python(At said, Kind kind, std::string_view line, Setup& setup) {
  auto const comma = line.find(',', line.find("smtplib."));
  if (comma != std::string_view::npos) {
    auto const digits = ascii::trim(line.substr(comma + 1));
    setup.port = {said.line, digits.substr(0, digits.find_first_of(" \t,)"))};
  }
  setup.set(kind, said.line);
}

/// "* smtp.example.com::587": without a port it is 25; without another word TLS is tried.
void read_route(At said, std::string_view line, Setup& setup) {
  auto const colons = line.find("::");
  auto const port = colons == std::string_view::npos ? "25" : line.substr(colons + 2);
  setup.port = {said.line, port.substr(0, port.find_first_of(" \t:;"))};
  if (setup.kind == Kind::unsaid) setup.set(Kind::optional, said.line);
}

/// What stands for itself, whatever is behind it.
void read_word(Role role, At said, Setup& setup) {
  bool const all = said.value.starts_with('*');
  if (role == Role::optional_word) setup.set(Kind::optional, said.line);
  if (role == Role::implicit_word) setup.set(Kind::implicit_tls, said.line);
  if (role == Role::no_tls_for && all) setup.set(Kind::none, said.line);
  if (role == Role::verify_word && said.value != "strict")
    setup.add(said.line, Mistake::checks_off);
  if (role == Role::checks_off || (role == Role::trust_all && all))
    setup.add(said.line, Mistake::checks_off);
}

void read_level(At said, Setup& setup) {
  if (said.value == "may") return setup.set(Kind::optional, said.line);
  if (said.value == "none") return setup.set(Kind::none, said.line);
  if (said.value == "encrypt") setup.add(said.line, Mistake::checks_off);
  if (setup.kind == Kind::unsaid) setup.set(Kind::starttls, said.line);
}

void read_starttls(At said, Role role, Setup& setup) {
  if (is_no(said.value)) {
    if (role == Role::starttls_on_or_implicit) return setup.set(Kind::implicit_tls, said.line);
    if (setup.kind == Kind::unsaid) setup.set(Kind::none, said.line);
    return;
  }
  bool const optional =
      said.value == "auto" || (role == Role::starttls_on && is_optional_by_nature(setup.program));
  setup.starttls_line = said.line;
  if (setup.kind == Kind::implicit_tls || setup.kind == Kind::starttls) return;
  setup.set(optional ? Kind::optional : Kind::starttls, said.line);
}

void read_key(Role role, At said, std::string_view line, Setup& setup) {
  switch (role) {
    case Role::port:
      setup.port = said;
      return;
    case Role::host:
      setup.host = said;
      return;
    case Role::host_and_port:
      return read_host_and_port(said, setup);
    case Role::url:
      return read_url(said, setup);
    case Role::kind:
      // Laravel's null is smtp, except on 465.
      if (ascii::iequals(said.value, "null")) return setup.set(Kind::starttls, said.line);
      return setup.set(kind_of(said.value), said.line);
    case Role::tls_on:
      setup.switched_off = is_no(said.value);
      if (setup.switched_off) return setup.set(Kind::none, said.line);
      if (setup.kind == Kind::unsaid) setup.set(Kind::starttls, said.line);
      return;
    case Role::implicit_on:
      if (is_yes(said.value)) {
        setup.implicit_line = said.line;
        return setup.set(Kind::implicit_tls, said.line);
      }
      if (setup.kind == Kind::unsaid)
        setup.set(setup.program == "nodemailer" ? Kind::optional : Kind::none, said.line);
      return;
    case Role::starttls_on:
    case Role::starttls_on_or_implicit:
    case Role::starttls_required:
      if (setup.switched_off) return;
      if (setup.kind == Kind::optional || setup.kind == Kind::none)
        if (!is_no(said.value) && said.value != "auto" && role != Role::starttls_on)
          return setup.set(Kind::starttls, said.line);
      return read_starttls(said, role, setup);
    case Role::level:
      return read_level(said, setup);
    case Role::verify_on:
      if (is_no(said.value)) setup.add(said.line, Mistake::checks_off);
      return;
    case Role::verify_off:
      if (is_yes(said.value)) setup.add(said.line, Mistake::checks_off);
      return;
    case Role::exim_route:
      return read_route(said, line, setup);
    case Role::trust_all:
    case Role::checks_off:
    case Role::optional_word:
    case Role::implicit_word:
    case Role::no_tls_for:
    case Role::verify_word:
      return read_word(role, said, setup);
    case Role::python_implicit:
      return read_python(said, Kind::implicit_tls, line, setup);
    case Role::python_plain:
      return read_python(said, Kind::none, line, setup);
    case Role::old_key:
      return setup.add(said.line, Mistake::old_key);
  }
}

void judge(Setup& setup) {
  if (setup.host.line != 0 && (setup.host.value.contains("://") || setup.host.value.contains('/') ||
                               std::ranges::count(setup.host.value, ':') == 1))
    setup.add(setup.host.line, Mistake::host_has_more);
  unsigned port = 0;
  if (setup.port.line != 0) {
    auto const text = setup.port.value;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    bool const good =
        error == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65536;
    // A variable in the place of a number is not ours to judge.
    bool const digits = !text.empty() && std::ranges::all_of(text, ascii::is_digit);
    if (!good && (digits || text.empty())) setup.add(setup.port.line, Mistake::bad_port);
    if (!good) port = 0;
  }
  if (port == 25) setup.add(setup.port.line, Mistake::server_port);
  bool const both = setup.implicit_line != 0 && setup.starttls_line != 0;
  if (both && setup.program == "django")
    return setup.add(std::max(setup.implicit_line, setup.starttls_line), Mistake::both_kinds);
  std::size_t const line = setup.kind_line != 0 ? setup.kind_line : setup.port.line;
  switch (setup.kind) {
    case Kind::implicit_tls:
      if (port == 587 || port == 2525 || port == 2587)
        setup.add(line, Mistake::implicit_on_starttls_port);
      return;
    case Kind::starttls:
      if (port == 465 || port == 2465) setup.add(line, Mistake::starttls_on_tls_port);
      return;
    case Kind::optional:
      setup.add(line, Mistake::optional_encryption);
      if (port == 465) setup.add(line, Mistake::starttls_on_tls_port);
      return;
    case Kind::none:
      return setup.add(line, Mistake::no_encryption);
    case Kind::unsaid:
      if (setup.port.line != 0) setup.add(line, Mistake::no_encryption);
      return;
  }
}

std::string_view guess_program(std::vector<std::string_view> const& lines) {
  std::map<std::string_view, std::size_t> hits;
  for (auto const line : lines) {
    for (auto const& key : keys)
      if (value_behind(line, key.key)) hits[key.program] += key.key.size();
  }
  auto const most = std::ranges::max_element(hits, {}, [](auto const& one) { return one.second; });
  return most == hits.end() ? std::string_view{} : most->first;
}
}  // namespace

LintReport lint(std::string_view file, std::string_view program) {
  std::vector<std::string_view> lines;
  for (auto const line : ascii::split(file.substr(0, lint_octets_max), '\n'))
    lines.push_back(without_comment(line));
  Setup setup;
  setup.program = program.empty() ? guess_program(lines) : program;
  if (setup.program.empty()) return {};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (auto const& key : keys) {
      if (key.program != setup.program) continue;
      if (auto const value = value_behind(lines[i], key.key))
        read_key(key.role, {i + 1, *value}, lines[i], setup);
    }
  }
  judge(setup);
  std::ranges::stable_sort(setup.findings, {}, &LintFinding::line);
  return {setup.program, std::move(setup.findings)};
}

std::vector<std::string_view> lint_programs() {
  std::vector<std::string_view> out;
  for (auto const& key : keys)
    if (std::ranges::find(out, key.program) == out.end()) out.push_back(key.program);
  return out;
}
}  // namespace pb::advisor
