// verify.cpp: see verify.hpp.                                               Spec: RFC 8617 §5.2.
#include "arc/verify.hpp"

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "dkim/header_hash.hpp"
#include "dns/name.hpp"

namespace pb::arc {
std::string_view text(Word word) {
  switch (word) {
    case Word::none:
      return "none";
    case Word::pass:
      return "pass";
    case Word::fail:
      return "fail";
  }
  return {};
}

Verifier::Verifier(mail::HeaderSection const& header, dkim::VerifyOptions const& options)
    : options_{options} {
  auto const sets = collect_sets(header);
  if (!sets) {
    settled_.word = Word::fail;
    settled_.problem = sets.error();
    return;
  }
  if (sets->empty()) return;
  for (Set const& set : *sets) {
    settled_.sealers.push_back(
        {set.parsed_seal.instance, set.parsed_seal.domain, set.parsed_seal.selector});
  }
  if (auto const newest = parse_instance_results(header.at(sets->back().results).value)) {
    settled_.newest_results = mail::unfold(newest->results);
  }
  settled_.word = Word::fail;
  // §5.2 step 2: a chain sealed as failed stays so; step 3D: states of a sound chain.
  if (sets->back().parsed_seal.status == ChainStatus::fail) {
    settled_.problem = "the newest seal says that the chain had failed";
    return;
  }
  for (Set const& set : *sets) {
    ChainStatus const expected =
        set.parsed_seal.instance == 1 ? ChainStatus::none : ChainStatus::pass;
    if (set.parsed_seal.status != expected) {
      settled_.problem = fmt::format("cv= of seal {} is wrong", set.parsed_seal.instance);
      return;
    }
  }
  read_message_signature(header, sets->back().message_signature);
  if (message_) digest_seals(header, *sets);
}

void Verifier::read_message_signature(mail::HeaderSection const& header, std::size_t position) {
  mail::Field const field = header.at(position);
  auto parsed = dkim::parse_signature(field.value, dkim::SignatureKind::arc_message);
  if (!parsed || parsed->hash == dkim::Hash::sha1) {
    settled_.problem = "the newest message signature is malformed";
    return;
  }
  dkim::FieldIndex const index{header};
  dkim::Digest digest =
      dkim::hash_fields(index, parsed->fields, parsed->header, parsed->hash, position);
  digest.update(
      dkim::signature_field_without_b(parsed->header, field, parsed->b_begin, parsed->b_end));
  message_digest_ = digest.finish();
  body_.emplace(parsed->body, parsed->hash, parsed->length);
  message_ = std::move(*parsed);
  undecided_ = true;
}

/// §5.1.1: a seal covers all sets up to its own, each as results, message signature, seal, with its
/// own b= empty. One running digest serves all of them.
void Verifier::digest_seals(mail::HeaderSection const& header, std::vector<Set> const& sets) {
  constexpr auto relaxed = dkim::Canonicalization::relaxed;
  dkim::Digest running{dkim::Hash::sha256};
  for (Set const& set : sets) {
    running.update(dkim::canonical_field(relaxed, header.at(set.results).raw));
    running.update(dkim::canonical_field(relaxed, header.at(set.message_signature).raw));
    mail::Field const seal = header.at(set.seal);
    dkim::Digest own = running;
    own.update(dkim::signature_field_without_b(relaxed, seal, set.parsed_seal.b_begin,
                                               set.parsed_seal.b_end));
    seals_.insert(seals_.begin(), SealCheck{set.parsed_seal, own.finish()});
    running.update(dkim::canonical_field(relaxed, seal.raw));
  }
}

void Verifier::body(std::string_view chunk) {
  if (body_) body_->update(chunk);
}
void Verifier::end_of_body() {
  if (body_) body_->finish();
}

std::vector<dns::Question> Verifier::questions() const {
  std::vector<dns::Question> out;
  auto const add = [&](std::string const& name) {
    dns::Question question{dns::normal_name(name), dns::Type::txt};
    for (dns::Question const& known : out) {
      if (known == question) return;
    }
    out.push_back(std::move(question));
  };
  if (message_) add(message_->key_name());
  for (SealCheck const& check : seals_) add(check.seal.key_name());
  return out;
}

Verifier::Outcome Verifier::check_signature(std::string const& key_name, dkim::KeyType type,
                                            std::string_view digest, std::string_view signature,
                                            dns::Facts const& facts, dkim::KeyCache& keys) const {
  dns::Question question{dns::normal_name(key_name), dns::Type::txt};
  auto const fact = facts.find(question);
  if (fact == facts.end()) return question;
  auto const record = dkim::key_from(fact->second);
  if (!record) return record.error();
  if (record->type != type) return dkim::Problem::key_type;
  auto const key = keys.get(record->type, record->key);
  if (!key) return dkim::Problem::key_syntax;
  if (type == dkim::KeyType::rsa && key->bits() < options_.rsa_bits_min) {
    return dkim::Problem::key_small;
  }
  return key->verify(dkim::Hash::sha256, digest, signature) ? dkim::Problem::none
                                                            : dkim::Problem::signature_wrong;
}

Verifier::Outcome Verifier::check_message(dns::Facts const& facts, dkim::KeyCache& keys) const {
  if (message_->length && *message_->length > body_->octets()) {
    return dkim::Problem::length_exceeds_body;
  }
  if (body_->digest() != message_->body_hash) return dkim::Problem::body_changed;
  return check_signature(message_->key_name(), message_->key_type, message_digest_,
                         message_->signature, facts, keys);
}

std::variant<Result, dns::Question> Verifier::result(dns::Facts const& facts,
                                                     dkim::KeyCache& keys) const {
  if (!undecided_) return settled_;
  Result out = settled_;
  auto const fails = [&](dkim::Problem problem, std::string_view what, unsigned instance) {
    if (problem == dkim::Problem::none) return false;
    out.problem = fmt::format("{} {}: {}", what, instance, dkim::problem_text(problem));
    out.temporary = problem == dkim::Problem::key_unavailable;
    return true;
  };
  auto const message = check_message(facts, keys);
  if (auto const* question = std::get_if<dns::Question>(&message)) return *question;
  if (fails(std::get<dkim::Problem>(message), "message signature", seals_.front().seal.instance)) {
    return out;
  }
  for (SealCheck const& check : seals_) {
    auto const seal = check_signature(check.seal.key_name(), check.seal.key_type, check.digest,
                                      check.seal.signature, facts, keys);
    if (auto const* question = std::get_if<dns::Question>(&seal)) return *question;
    if (fails(std::get<dkim::Problem>(seal), "seal", check.seal.instance)) return out;
  }
  out.word = Word::pass;
  return out;
}
}  // namespace pb::arc
