// record.cpp: see record.hpp.                  Spec: RFC 6376 §3.5, §3.6.1; RFC 8301; RFC 8463.
#include "dkim/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dkim/tag_list.hpp"
#include "dns/name.hpp"

namespace pb::dkim {
namespace {
struct ProblemText {
  Problem problem;
  std::string_view text;
};
constexpr std::array problem_texts{
    ProblemText{Problem::none, ""},
    ProblemText{Problem::syntax, "the signature field is malformed"},
    ProblemText{Problem::version, "the version is not 1"},
    ProblemText{Problem::tag_missing, "a required tag is missing"},
    ProblemText{Problem::algorithm, "unknown algorithm"},
    ProblemText{Problem::algorithm_historic, "rsa-sha1 is no longer accepted (RFC 8301)"},
    ProblemText{Problem::canonicalization, "unknown canonicalization"},
    ProblemText{Problem::domain, "d= is no domain"},
    ProblemText{Problem::selector, "s= is no selector"},
    ProblemText{Problem::identity, "i= is not within d="},
    ProblemText{Problem::fields_empty, "h= names no field"},
    ProblemText{Problem::from_unsigned, "the From field is not signed"},
    ProblemText{Problem::length, "l= is no length"},
    ProblemText{Problem::timestamp, "t= is no time"},
    ProblemText{Problem::expiration, "x= is no time behind t="},
    ProblemText{Problem::expired, "the signature has expired"},
    ProblemText{Problem::future, "the signature is from the future"},
    ProblemText{Problem::query_method, "q= is not dns/txt"},
    ProblemText{Problem::too_many, "too many signatures: this one was not looked at"},
    ProblemText{Problem::field_unsigned, "a field that must be signed is not"},
    ProblemText{Problem::key_absent, "DNS has no such key"},
    ProblemText{Problem::key_unavailable, "DNS failed for the key"},
    ProblemText{Problem::key_syntax, "the key record is malformed"},
    ProblemText{Problem::key_revoked, "the key was revoked"},
    ProblemText{Problem::key_type, "the key is of another type than the signature"},
    ProblemText{Problem::key_hash, "the key is not for this hash"},
    ProblemText{Problem::key_service, "the key is not for mail"},
    ProblemText{Problem::key_identity, "the key allows no subdomain in i="},
    ProblemText{Problem::key_small, "the key is too small (RFC 8301)"},
    ProblemText{Problem::length_exceeds_body, "l= is more than the body has"},
    ProblemText{Problem::body_changed, "the body was changed after signing"},
    ProblemText{Problem::signature_wrong, "the signature does not match the header fields"},
};

constexpr std::size_t fields_max = 1024;  // names in h=

/// Tag by tag; the first problem stops.
class SignatureParser {
 public:
  SignatureParser(TagList const& tags, SignatureKind kind) : tags_{tags}, kind_{kind} {}
  Problem parse();
  Signature out;

 private:
  [[nodiscard]] std::string_view value(std::string_view tag) const {
    Tag const* const found = tags_.find(tag);
    return found == nullptr ? std::string_view{} : found->value;
  }
  Problem required_tags();
  Problem algorithm();
  Problem canonicalization();
  Problem names();
  Problem fields();
  Problem octets();
  Problem numbers();
  Problem query_methods() const;
  TagList const& tags_;
  SignatureKind kind_;
};

Problem SignatureParser::required_tags() {
  // d= and s= are read first so that reports can name them.
  out.domain = dns::normal_name(value("d"));
  out.selector = value("s");
  if (tags_.find("v") != nullptr && value("v") != "1") return Problem::version;
  if (kind_ == SignatureKind::dkim && tags_.find("v") == nullptr) return Problem::tag_missing;
  for (char const* tag : {"a", "b", "bh", "d", "h", "s"}) {
    if (tags_.find(tag) == nullptr) return Problem::tag_missing;
  }
  return Problem::none;
}

/// sig-a-tag-alg = sig-a-tag-k "-" sig-a-tag-h
Problem SignatureParser::algorithm() {
  std::string_view const text = value("a");
  if (ascii::iequals(text, "rsa-sha256")) return Problem::none;
  if (ascii::iequals(text, "ed25519-sha256")) {
    out.key_type = KeyType::ed25519;
    return Problem::none;
  }
  if (!ascii::iequals(text, "rsa-sha1")) return Problem::algorithm;
  out.hash = Hash::sha1;
  return Problem::none;
}

std::optional<Canonicalization> canonicalization_of(std::string_view text) {
  if (ascii::iequals(text, "simple")) return Canonicalization::simple;
  if (ascii::iequals(text, "relaxed")) return Canonicalization::relaxed;
  return std::nullopt;
}

/// sig-c-tag-alg [ "/" sig-c-tag-alg ]; the body's default is simple.
Problem SignatureParser::canonicalization() {
  if (tags_.find("c") == nullptr) {
    // RFC 8617 is silent; its test suite and the verifiers in use take relaxed here.
    if (kind_ == SignatureKind::arc_message) out.header = out.body = Canonicalization::relaxed;
    return Problem::none;
  }
  std::string_view const text = value("c");
  std::size_t const slash = text.find('/');
  auto const header = canonicalization_of(text.substr(0, slash));
  auto const body = slash == std::string_view::npos ? Canonicalization::simple
                                                    : canonicalization_of(text.substr(slash + 1));
  if (!header || !body) return Problem::canonicalization;
  out.header = *header;
  out.body = *body;
  return Problem::none;
}

/// i= is an address whose domain is d= or below it (§3.5).
Problem SignatureParser::names() {
  if (!is_domain_or_selector(out.domain)) return Problem::domain;
  if (!is_domain_or_selector(out.selector) || !dns::valid_name(out.key_name()))
    return Problem::selector;
  if (tags_.find("i") == nullptr || kind_ == SignatureKind::arc_message) {
    out.identity = "@" + out.domain;
    return Problem::none;
  }
  out.identity = without_fws(value("i"));
  std::size_t const at = out.identity.rfind('@');
  if (at == std::string::npos) return Problem::identity;
  bool const within = dns::is_or_below(std::string_view{out.identity}.substr(at + 1), out.domain);
  return within ? Problem::none : Problem::identity;
}

/// hdr-name *( *FWS ":" *FWS hdr-name ); From must be among them in DKIM (§5.4).
Problem SignatureParser::fields() {
  bool const arc = kind_ == SignatureKind::arc_message;
  bool from = false;
  if (value("h").empty() && !arc) return Problem::fields_empty;
  for (std::string_view name : ascii::split(value("h"), ':')) {
    name = ascii::trim(name);
    if (arc && name.empty()) continue;
    bool const legal =
        !name.empty() && std::ranges::all_of(name, [](char c) { return ascii::is_vchar(c); });
    if (!legal || out.fields.size() == fields_max) return Problem::syntax;
    if (arc && ascii::iequals(name, "arc-seal")) return Problem::syntax;
    from = from || ascii::iequals(name, "from");
    out.fields.emplace_back(name);
  }
  return from || arc ? Problem::none : Problem::from_unsigned;
}

Problem SignatureParser::octets() {
  auto body_hash = decode_base64_fws(value("bh"));
  auto signature = decode_base64_fws(value("b"));
  if (!body_hash || !signature || signature->empty()) return Problem::syntax;
  out.body_hash = std::move(*body_hash);
  out.signature = std::move(*signature);
  out.b_begin = tags_.find("b")->value_begin;
  out.b_end = tags_.find("b")->value_end;
  return Problem::none;
}

Problem SignatureParser::numbers() {
  constexpr std::size_t time_digits_max = 12;
  constexpr std::size_t length_digits_max = 18;
  if (tags_.find("l") != nullptr) {
    auto const length = parse_number(value("l"), length_digits_max);
    if (!length) return Problem::length;
    out.length = *length;
  }
  if (tags_.find("t") != nullptr) {
    auto const time = parse_number(value("t"), time_digits_max);
    // Beyond 12 digits it is a time that never comes (§3.5).
    if (!time && time.error() == NumberError::malformed) return Problem::timestamp;
    if (!time) return Problem::future;
    out.timestamp = *time;
  }
  if (tags_.find("x") != nullptr) {
    auto const time = parse_number(value("x"), time_digits_max);
    if (!time && time.error() == NumberError::malformed) return Problem::expiration;
    if (time) out.expiration = *time;
  }
  bool const reversed = out.timestamp && out.expiration && *out.expiration <= *out.timestamp;
  return reversed ? Problem::expiration : Problem::none;
}

Problem SignatureParser::query_methods() const {
  if (tags_.find("q") == nullptr) return Problem::none;
  for (std::string_view method : ascii::split(value("q"), ':')) {
    if (ascii::iequals(ascii::trim(method), "dns/txt")) return Problem::none;
  }
  return Problem::query_method;
}

Problem SignatureParser::parse() {
  constexpr std::array steps{&SignatureParser::required_tags,    &SignatureParser::algorithm,
                             &SignatureParser::canonicalization, &SignatureParser::names,
                             &SignatureParser::fields,           &SignatureParser::octets,
                             &SignatureParser::numbers};
  for (auto const step : steps) {
    if (Problem const problem = (this->*step)(); problem != Problem::none) return problem;
  }
  return query_methods();
}

/// A colon-separated list of the record holds one of `words`.
bool list_has(std::string_view list, std::string_view word) {
  return std::ranges::any_of(ascii::split(list, ':'), [&](std::string_view item) {
    return ascii::iequals(ascii::trim(item), word);
  });
}
}  // namespace

bool is_domain_or_selector(std::string_view name) {
  bool const legal = std::ranges::all_of(name, [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
  return legal && dns::valid_name(name);
}

std::string_view problem_text(Problem problem) {
  auto const at = std::ranges::find(problem_texts, problem, &ProblemText::problem);
  return at == problem_texts.end() ? std::string_view{} : at->text;
}

std::string_view Signature::algorithm() const {
  if (hash == Hash::sha1) return "rsa-sha1";
  return key_type == KeyType::rsa ? "rsa-sha256" : "ed25519-sha256";
}

std::string Signature::key_name() const {
  return fmt::format("{}._domainkey.{}", selector, domain);
}

std::expected<Signature, SignatureError> parse_signature(std::string_view value,
                                                         SignatureKind kind) {
  auto const tags = TagList::parse(value);
  if (!tags) return std::unexpected{SignatureError{}};
  SignatureParser parser{*tags, kind};
  if (Problem const problem = parser.parse(); problem != Problem::none) {
    return std::unexpected{
        SignatureError{problem, std::move(parser.out.domain), std::move(parser.out.selector)}};
  }
  return std::move(parser.out);
}

/// v= stands first if at all (§3.6.1); unknown tags are ignored.
std::expected<KeyRecord, Problem> parse_key_record(std::string_view text) {
  auto const tags = TagList::parse(text);
  if (!tags) return std::unexpected{Problem::key_syntax};
  Tag const* const version = tags->find("v");
  bool const version_first = version == nullptr || version == &tags->tags().front();
  if (!version_first || (version != nullptr && version->value != "DKIM1")) {
    return std::unexpected{Problem::key_syntax};
  }
  KeyRecord out;
  if (Tag const* const type = tags->find("k")) {
    bool const rsa = ascii::iequals(type->value, "rsa");
    if (!rsa && !ascii::iequals(type->value, "ed25519")) return std::unexpected{Problem::key_type};
    out.type = rsa ? KeyType::rsa : KeyType::ed25519;
  }
  if (Tag const* const hashes = tags->find("h")) {
    out.accepts_sha256 = list_has(hashes->value, "sha256");
    out.accepts_sha1 = list_has(hashes->value, "sha1");
  }
  if (Tag const* const services = tags->find("s")) {
    out.for_email = list_has(services->value, "*") || list_has(services->value, "email");
  }
  if (Tag const* const flags = tags->find("t")) {
    out.testing = list_has(flags->value, "y");
    out.exact_identity = list_has(flags->value, "s");
  }
  Tag const* const key = tags->find("p");
  if (key == nullptr) return std::unexpected{Problem::key_syntax};
  if (key->value.empty()) return std::unexpected{Problem::key_revoked};
  auto octets = decode_base64_fws(key->value);
  if (!octets) return std::unexpected{Problem::key_syntax};
  out.key = std::move(*octets);
  return out;
}

std::string key_record_text(PublicKey const& key) {
  return fmt::format("v=DKIM1; k={}; p={}", key.type() == KeyType::rsa ? "rsa" : "ed25519",
                     base64_encode(key.octets()));
}
}  // namespace pb::dkim
