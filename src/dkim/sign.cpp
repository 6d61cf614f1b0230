// sign.cpp: see sign.hpp.                                     Spec: RFC 6376 §3.5, §5; RFC 8301.
#include "dkim/sign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "dns/name.hpp"

namespace pb::dkim {
namespace {
// RFC 6376 §5.4.1 and what mail programs show or act on. Over-signed, present or not.
constexpr std::array<std::string_view, 20> signed_names{"From",
                                                        "Sender",
                                                        "Reply-To",
                                                        "Subject",
                                                        "Date",
                                                        "Message-ID",
                                                        "To",
                                                        "Cc",
                                                        "In-Reply-To",
                                                        "References",
                                                        "MIME-Version",
                                                        "Content-Type",
                                                        "Content-Transfer-Encoding",
                                                        "Content-ID",
                                                        "Content-Description",
                                                        "List-Id",
                                                        "List-Unsubscribe",
                                                        "List-Unsubscribe-Post",
                                                        "Resent-From",
                                                        "Autocrypt"};
/// Absent ones of these are worth a name in h=; others would only make it long.
constexpr std::array<std::string_view, 10> over_signed_when_absent{
    "From", "Sender", "Reply-To",   "Subject",      "Date",
    "To",   "Cc",     "Message-ID", "MIME-Version", "Content-Type"};

constexpr unsigned rsa_bits_min = 1024;  // RFC 8301 §3.2
constexpr std::size_t line_columns = 76;

/// Items with a separator behind all but the last, folded before one that would not fit.
void append_folded(std::string& out, std::span<std::string const> items, std::string_view behind) {
  std::size_t column = out.size() - (out.rfind('\n') + 1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::string_view const tail = i + 1 < items.size() ? behind : std::string_view{};
    if (column + items[i].size() + tail.size() > line_columns) {
      out += "\r\n\t";
      column = 8;
    }
    out += items[i];
    out += tail;
    column += items[i].size() + tail.size();
  }
}

void append_base64(std::string& out, std::string const& octets) {
  std::string const text = base64_encode(octets);
  std::vector<std::string> pieces;
  constexpr std::size_t piece = 64;
  for (std::size_t at = 0; at < text.size(); at += piece) pieces.push_back(text.substr(at, piece));
  append_folded(out, pieces, "");
}

std::string_view algorithm(PrivateKey const& key) {
  return key.type() == KeyType::rsa ? "rsa-sha256" : "ed25519-sha256";
}
std::string_view name(Canonicalization how) {
  return how == Canonicalization::simple ? "simple" : "relaxed";
}

bool identity_fits(std::string const& identity, std::vector<SigningKey> const& keys) {
  if (identity.empty()) return true;
  std::size_t const at = identity.rfind('@');
  if (at == std::string::npos) return false;
  return std::ranges::all_of(keys, [&](SigningKey const& key) {
    return dns::is_or_below(std::string_view{identity}.substr(at + 1), key.domain);
  });
}
}  // namespace

std::string_view text(SignError error) {
  switch (error) {
    case SignError::no_from:
      return "the message has no From field";
    case SignError::several_from:
      return "the message has several From fields";
    case SignError::from_not_in_fields:
      return "From must be among the signed fields (RFC 6376 5.4)";
    case SignError::bad_identity:
      return "the identity is not within the signing domain (RFC 6376 3.5)";
    case SignError::key_small:
      return "the key is smaller than 1024 bits (RFC 8301 3.2)";
    case SignError::failed:
      return "the key cannot sign";
  }
  return {};
}

std::vector<std::string> default_fields(mail::HeaderSection const& header) {
  std::vector<std::string> out;
  for (std::string_view const field : signed_names) {
    std::size_t const present = header.count(field);
    bool const over_sign = present > 0 || std::ranges::find(over_signed_when_absent, field) !=
                                              over_signed_when_absent.end();
    out.insert(out.end(), present + (over_sign ? 1 : 0), std::string{field});
  }
  return out;
}

std::expected<Signer, SignError> Signer::make(mail::HeaderSection const& header,
                                              std::vector<SigningKey> keys, SignOptions options) {
  if (options.fields.empty()) options.fields = default_fields(header);
  std::size_t const from = header.count("From");
  if (from != 1) {
    return std::unexpected{from == 0 ? SignError::no_from : SignError::several_from};
  }
  bool const from_signed = std::ranges::any_of(
      options.fields, [](std::string const& field) { return ascii::iequals(field, "From"); });
  if (!from_signed) return std::unexpected{SignError::from_not_in_fields};
  if (!identity_fits(options.identity, keys)) return std::unexpected{SignError::bad_identity};
  for (SigningKey const& key : keys) {
    bool const small = key.key.type() == KeyType::rsa && key.key.bits() < rsa_bits_min;
    if (small) return std::unexpected{SignError::key_small};
  }
  FieldIndex const index{header};
  Digest fields = hash_fields(index, options.fields, options.header, Hash::sha256);
  return Signer{std::move(keys), std::move(options), std::move(fields)};
}

Signer::Signer(std::vector<SigningKey> keys, SignOptions options, Digest fields)
    : keys_{std::move(keys)},
      options_{std::move(options)},
      fields_{std::move(fields)},
      body_{options_.body, Hash::sha256, options_.length} {}

void Signer::body(std::string_view chunk) { body_.update(chunk); }

/// Up to and with "b=", which is what is signed.
std::string Signer::unsigned_field(SigningKey const& key) const {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(options_.now);
  std::string out = fmt::format("DKIM-Signature: v=1; a={}; c={}/{}; d={}; s={};\r\n\tt={};",
                                algorithm(key.key), name(options_.header), name(options_.body),
                                key.domain, key.selector, seconds.time_since_epoch().count());
  if (options_.expiration) out += fmt::format(" x={};", *options_.expiration);
  if (options_.length) out += fmt::format(" l={};", std::min(*options_.length, body_.octets()));
  if (!options_.identity.empty()) out += fmt::format("\r\n\ti={};", options_.identity);
  out += "\r\n\th=";
  append_folded(out, options_.fields, ":");
  out += ";\r\n\tbh=" + base64_encode(body_.digest()) + ";\r\n\tb=";
  return out;
}

std::expected<std::string, SignError> Signer::finish() {
  body_.finish();
  return fields();
}

std::expected<std::string, SignError> Signer::sign(mail::HeaderSection const& header,
                                                   std::vector<SigningKey> keys,
                                                   SignOptions options, BodyHash const& body) {
  auto signer = make(header, std::move(keys), std::move(options));
  if (!signer) return std::unexpected{signer.error()};
  signer->body_ = body;
  return signer->fields();
}

std::expected<std::string, SignError> Signer::fields() const {
  std::string out;
  for (SigningKey const& key : keys_) {
    std::string field = unsigned_field(key);
    std::string canonical = canonical_field(options_.header, field);
    if (canonical.ends_with("\r\n")) canonical.resize(canonical.size() - 2);
    Digest digest = fields_;
    digest.update(canonical);
    auto const signature = key.key.sign(Hash::sha256, digest.finish());
    if (!signature) return std::unexpected{SignError::failed};
    append_base64(field, *signature);
    out += field + "\r\n";
  }
  return out;
}
}  // namespace pb::dkim
