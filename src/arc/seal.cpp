// seal.cpp: see seal.hpp. Tags stand in alphabetical order with one space behind each ';', as the
// ARC test suite has them, so that its signatures can be compared octet by octet; b= is one long
// line, because a fold in it would be signed by the seal.
// Spec: RFC 8617 §4.1, §5.1.
#include "arc/seal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ascii.hpp"
#include "base/encoding.hpp"

namespace pb::arc {
namespace {
constexpr auto relaxed = dkim::Canonicalization::relaxed;

std::string_view status_text(ChainStatus status) {
  switch (status) {
    case ChainStatus::none:
      return "none";
    case ChainStatus::pass:
      return "pass";
    case ChainStatus::fail:
      return "fail";
  }
  return {};
}

std::string algorithm(dkim::PrivateKey const& key) {
  return key.type() == dkim::KeyType::rsa ? "rsa-sha256" : "ed25519-sha256";
}

std::string signed_form(std::string const& field_with_empty_b) {
  std::string canonical = dkim::canonical_field(relaxed, field_with_empty_b);
  canonical.resize(canonical.size() - 2);
  return canonical;
}

/// h= of RFC 8617: what DKIM signs, without over-signing: a later hop may add fields.
std::vector<std::string> fields_of(mail::HeaderSection const& header) {
  std::vector<std::string> out;
  for (std::string const& name : dkim::default_fields(header)) {
    std::string lower = ascii::to_lower(name);
    auto const named = static_cast<std::size_t>(std::ranges::count(out, lower));
    if (named < header.count(name)) out.push_back(std::move(lower));
  }
  return out;
}
}  // namespace

std::string_view text(SealError error) {
  switch (error) {
    case SealError::chain_ended:
      return "the chain has ended: its newest seal says fail";
    case SealError::chain_broken:
      return "the chain cannot be continued: its sets are malformed";
    case SealError::chain_full:
      return "the chain has 50 sets already";
    case SealError::failed:
      return "the key cannot sign";
  }
  return {};
}

std::expected<Sealer, SealError> Sealer::make(mail::HeaderSection const& header,
                                              dkim::SigningKey key, SealOptions options) {
  auto const sets = collect_sets(header);
  if (!sets) return std::unexpected{SealError::chain_broken};
  if (sets->size() >= instances_max) return std::unexpected{SealError::chain_full};
  bool const ended = !sets->empty() && sets->back().parsed_seal.status == ChainStatus::fail;
  if (ended) return std::unexpected{SealError::chain_ended};
  if (options.fields.empty()) options.fields = fields_of(header);
  auto const instance = static_cast<unsigned>(sets->size() + 1);
  std::string results =
      fmt::format("ARC-Authentication-Results: i={}; {}", instance, options.authserv_id);
  for (std::string const& method : options.results) results += ";\r\n\t" + method;
  if (options.results.empty()) results += "; none";
  results += "\r\n";
  dkim::Digest covered{dkim::Hash::sha256};
  // §5.1.2: the seal over a failed chain covers our own set only.
  if (options.status != ChainStatus::fail) {
    for (Set const& set : *sets) {
      covered.update(dkim::canonical_field(relaxed, header.at(set.results).raw));
      covered.update(dkim::canonical_field(relaxed, header.at(set.message_signature).raw));
      covered.update(dkim::canonical_field(relaxed, header.at(set.seal).raw));
    }
  }
  mail::HeaderSection with_results = header;
  with_results.prepend(results);
  dkim::FieldIndex const index{with_results};
  dkim::Digest fields = dkim::hash_fields(index, options.fields, relaxed, dkim::Hash::sha256);
  return Sealer{std::move(key),    std::move(options), instance,
                std::move(fields), std::move(covered), std::move(results)};
}

Sealer::Sealer(dkim::SigningKey key, SealOptions options, unsigned instance, dkim::Digest fields,
               dkim::Digest sets, std::string results_field)
    : key_{std::move(key)},
      options_{std::move(options)},
      instance_{instance},
      fields_{std::move(fields)},
      sets_{std::move(sets)},
      results_field_{std::move(results_field)},
      body_{relaxed, dkim::Hash::sha256, std::nullopt} {}

void Sealer::body(std::string_view chunk) { body_.update(chunk); }

std::expected<std::string, SealError> Sealer::finish() {
  body_.finish();
  return sign(body_.digest());
}

std::expected<std::string, SealError> Sealer::seal(mail::HeaderSection const& header,
                                                   dkim::SigningKey key, SealOptions options,
                                                   dkim::BodyHash const& body) {
  auto sealer = make(header, std::move(key), std::move(options));
  if (!sealer) return std::unexpected{sealer.error()};
  return sealer->sign(body.digest());
}

std::expected<std::string, SealError> Sealer::sign(std::string const& body_digest) {
  auto const seconds =
      std::chrono::floor<std::chrono::seconds>(options_.now).time_since_epoch().count();
  // A space, not a fold, stands before i=: dkimpy finds the field of an instance by it.
  auto const message_field = [&](std::string const& b) {
    return fmt::format(
        "ARC-Message-Signature: a={};\r\n\tb={};\r\n\tbh={};\r\n\tc=relaxed/relaxed; "
        "d={};\r\n\th={}; i={};\r\n\ts={}; t={}\r\n",
        algorithm(key_.key), b, base64_encode(body_digest), key_.domain,
        fmt::join(options_.fields, ":"), instance_, key_.selector, seconds);
  };
  auto const seal_field = [&](std::string const& b) {
    return fmt::format("ARC-Seal: a={};\r\n\tb={};\r\n\tcv={}; d={}; i={}; s={}; t={}\r\n",
                       algorithm(key_.key), b, status_text(options_.status), key_.domain, instance_,
                       key_.selector, seconds);
  };
  fields_.update(signed_form(message_field("")));
  auto const message_signature = key_.key.sign(dkim::Hash::sha256, fields_.finish());
  if (!message_signature) return std::unexpected{SealError::failed};
  std::string const message = message_field(base64_encode(*message_signature));
  sets_.update(dkim::canonical_field(relaxed, results_field_));
  sets_.update(dkim::canonical_field(relaxed, message));
  sets_.update(signed_form(seal_field("")));
  auto const seal_signature = key_.key.sign(dkim::Hash::sha256, sets_.finish());
  if (!seal_signature) return std::unexpected{SealError::failed};
  return seal_field(base64_encode(*seal_signature)) + message + results_field_;
}
}  // namespace pb::arc
