// verify.cpp: see verify.hpp.                                               Spec: RFC 6376 §6.1.
#include "dkim/verify.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "dkim/header_hash.hpp"
#include "dkim/tag_list.hpp"
#include "dns/name.hpp"

namespace pb::dkim {
namespace {
/// fail is for what was checked and is wrong; permerror for what can never be checked.
Word word_of(Problem problem) {
  switch (problem) {
    case Problem::none:
      return Word::pass;
    case Problem::body_changed:
    case Problem::signature_wrong:
      return Word::fail;
    case Problem::key_small:
    case Problem::field_unsigned:
      return Word::policy;
    case Problem::key_unavailable:
      return Word::temperror;
    case Problem::too_many:
      return Word::neutral;
    case Problem::syntax:
    case Problem::version:
    case Problem::tag_missing:
    case Problem::algorithm:
    case Problem::algorithm_historic:
    case Problem::canonicalization:
    case Problem::domain:
    case Problem::selector:
    case Problem::identity:
    case Problem::fields_empty:
    case Problem::from_unsigned:
    case Problem::length:
    case Problem::timestamp:
    case Problem::expiration:
    case Problem::expired:
    case Problem::future:
    case Problem::query_method:
    case Problem::key_absent:
    case Problem::key_syntax:
    case Problem::key_revoked:
    case Problem::key_type:
    case Problem::key_hash:
    case Problem::key_service:
    case Problem::key_identity:
    case Problem::length_exceeds_body:
      return Word::permerror;
  }
  return Word::permerror;
}

void settle(SignatureResult& result, Problem problem) {
  result.problem = problem;
  result.word = word_of(problem);
}

bool names_field(Signature const& signature, std::string_view name) {
  return std::ranges::any_of(signature.fields,
                             [&](std::string const& field) { return ascii::iequals(field, name); });
}

std::uint64_t seconds_of(Instant now) {
  auto const count = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

Problem time_problem(Signature const& signature, Instant now, Duration skew) {
  if (signature.expiration && seconds_of(now - skew) > *signature.expiration) {
    return Problem::expired;
  }
  if (signature.timestamp && *signature.timestamp > seconds_of(now + skew)) return Problem::future;
  return Problem::none;
}
}  // namespace

std::string_view text(Word word) {
  switch (word) {
    case Word::none:
      return "none";
    case Word::pass:
      return "pass";
    case Word::fail:
      return "fail";
    case Word::policy:
      return "policy";
    case Word::neutral:
      return "neutral";
    case Word::temperror:
      return "temperror";
    case Word::permerror:
      return "permerror";
  }
  return {};
}

std::optional<PublicKey> KeyCache::get(KeyType type, std::string_view octets) {
  std::string name{type == KeyType::rsa ? "r" : "e"};
  name += octets;
  if (auto const known = entries_.find(name); known != entries_.end()) {
    order_.splice(order_.end(), order_, known->second.at);
    return known->second.key;
  }
  auto key = PublicKey::from_octets(type, octets);
  if (!key || keys_max_ == 0) return key;
  if (entries_.size() >= keys_max_) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(name);
  entries_.emplace(std::move(name), Entry{std::prev(order_.end()), *key});
  return key;
}

std::expected<KeyRecord, Problem> key_from(dns::Answer const& answer) {
  if (std::holds_alternative<dns::Failed>(answer)) return std::unexpected{Problem::key_unavailable};
  auto const* found = std::get_if<dns::Found>(&answer);
  std::expected<KeyRecord, Problem> out = std::unexpected{Problem::key_absent};
  if (found == nullptr) return out;
  for (dns::Record const& record : found->records) {
    auto const* txt = std::get_if<dns::Txt>(&record);
    if (txt == nullptr) continue;
    out = parse_key_record(txt->text);
    if (out) return out;
  }
  return out;
}

Verifier::Verifier(mail::HeaderSection const& header, VerifyOptions const& options) {
  options_ = options;
  FieldIndex const index{header};
  for (std::size_t const position : index.positions("DKIM-Signature")) add(header, position, index);
}

void Verifier::add(mail::HeaderSection const& header, std::size_t position,
                   FieldIndex const& index) {
  Candidate candidate;
  candidate.result.field = position;
  if (candidates_.size() >= options_.signatures_max) {
    settle(candidate.result, Problem::too_many);
    candidates_.push_back(std::move(candidate));
    return;
  }
  mail::Field const field = header.at(position);
  auto parsed = parse_signature(field.value);
  if (!parsed) {
    candidate.result.domain = parsed.error().domain;
    candidate.result.selector = parsed.error().selector;
    settle(candidate.result, parsed.error().problem);
    candidates_.push_back(std::move(candidate));
    return;
  }
  Signature& signature = *parsed;
  SignatureResult& result = candidate.result;
  result.domain = signature.domain;
  result.selector = signature.selector;
  result.identity = signature.identity;
  result.algorithm = signature.algorithm();
  result.b_prefix =
      without_fws(field.value.substr(signature.b_begin, signature.b_end - signature.b_begin))
          .substr(0, 8);
  bool const unsigned_field =
      std::ranges::any_of(options_.must_be_signed, [&](std::string const& name) {
        return !index.positions(name).empty() && !names_field(signature, name);
      });
  if (signature.hash == Hash::sha1 && !options_.check_historic) {
    settle(result, Problem::algorithm_historic);
  } else if (unsigned_field) {
    settle(result, Problem::field_unsigned);
  } else {
    Digest digest =
        hash_fields(index, signature.fields, signature.header, signature.hash, position);
    digest.update(
        signature_field_without_b(signature.header, field, signature.b_begin, signature.b_end));
    candidate.header_digest = digest.finish();
    candidate.body = shared_body(signature);
    candidate.signature = std::move(signature);
  }
  candidates_.push_back(std::move(candidate));
}

/// Signatures that digest the body alike share one digest.
std::size_t Verifier::shared_body(Signature const& signature) {
  for (std::size_t i = 0; i < bodies_.size(); ++i) {
    SharedBody const& body = bodies_[i];
    bool const same =
        body.how == signature.body && body.hash == signature.hash && body.limit == signature.length;
    if (same) return i;
  }
  bodies_.push_back({signature.body, signature.hash, signature.length,
                     BodyHash{signature.body, signature.hash, signature.length}});
  return bodies_.size() - 1;
}

void Verifier::body(std::string_view chunk) {
  for (SharedBody& body : bodies_) body.running.update(chunk);
}

void Verifier::end_of_body() {
  for (SharedBody& body : bodies_) body.running.finish();
}

std::vector<dns::Question> Verifier::questions() const {
  std::vector<dns::Question> out;
  for (Candidate const& candidate : candidates_) {
    if (!candidate.signature) continue;
    dns::Question question{dns::normal_name(candidate.signature->key_name()), dns::Type::txt};
    if (std::ranges::find(out, question) == out.end()) out.push_back(std::move(question));
  }
  return out;
}

/// RFC 6376 §6.1.2 (the key's own conditions), then §6.1.3 (digests).
Problem Verifier::verify(Candidate const& candidate, KeyRecord const& record,
                         SignatureResult& result, KeyCache& keys) const {
  Signature const& signature = *candidate.signature;
  result.testing = record.testing;
  if (record.type != signature.key_type) return Problem::key_type;
  bool const hash_allowed =
      signature.hash == Hash::sha256 ? record.accepts_sha256 : record.accepts_sha1;
  if (!hash_allowed) return Problem::key_hash;
  if (!record.for_email) return Problem::key_service;
  std::size_t const at = signature.identity.rfind('@');
  if (record.exact_identity &&
      dns::normal_name(signature.identity.substr(at + 1)) != signature.domain) {
    return Problem::key_identity;
  }
  auto const key = keys.get(record.type, record.key);
  if (!key) return Problem::key_syntax;
  result.key_bits = key->bits();
  if (record.type == KeyType::rsa && key->bits() < options_.rsa_bits_min) {
    return Problem::key_small;
  }
  BodyHash const& body = bodies_[candidate.body].running;
  if (signature.length && *signature.length > body.octets()) return Problem::length_exceeds_body;
  if (signature.length) result.unsigned_octets = body.octets() - *signature.length;
  if (body.digest() != signature.body_hash) return Problem::body_changed;
  if (!key->verify(signature.hash, candidate.header_digest, signature.signature)) {
    return Problem::signature_wrong;
  }
  return Problem::none;
}

std::variant<std::vector<SignatureResult>, dns::Question> Verifier::results(dns::Facts const& facts,
                                                                            Instant now,
                                                                            KeyCache& keys) const {
  std::vector<SignatureResult> out;
  out.reserve(candidates_.size());
  for (Candidate const& candidate : candidates_) {
    SignatureResult result = candidate.result;
    if (candidate.signature) {
      Signature const& signature = *candidate.signature;
      Problem problem = time_problem(signature, now, options_.clock_skew);
      if (problem == Problem::none) {
        dns::Question question{dns::normal_name(signature.key_name()), dns::Type::txt};
        auto const fact = facts.find(question);
        if (fact == facts.end()) return question;
        auto const record = key_from(fact->second);
        problem = record ? verify(candidate, *record, result, keys) : record.error();
      }
      settle(result, problem);
      if (result.word == Word::pass && signature.hash == Hash::sha1) {
        result.word = Word::policy;
        result.problem = Problem::algorithm_historic;
      }
    }
    out.push_back(std::move(result));
  }
  return out;
}
}  // namespace pb::dkim
