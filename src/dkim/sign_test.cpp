// sign_test.cpp: what we sign verifies, and what is changed afterwards does not.
// Spec: RFC 6376 §5, §6; RFC 8301; RFC 8463.
#include "dkim/sign.hpp"

#include <gtest/gtest.h>

#include "dkim/record.hpp"
#include "dkim/verify.hpp"
#include "dns/world.hpp"

namespace pb::dkim {
namespace {
constexpr char const* header_text =
    "From: Alice <alice@example.com>\r\n"
    "To: bob@example.org\r\n"
    "Subject: a  long\r\n\tsubject \r\n"
    "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n";
constexpr char const* body_text = "Hello,\r\n\r\n  two  blanks \r\n\r\n\r\n";
Instant const now{std::chrono::seconds{1795262400}};

struct Keys {
  PrivateKey rsa = *PrivateKey::generate(KeyType::rsa, 2048);
  PrivateKey ed25519 = *PrivateKey::generate(KeyType::ed25519, 0);
};
Keys const& keys() {
  static Keys const made;
  return made;
}

dns::World published() {
  dns::World world;
  world.add("r._domainkey.example.com", dns::Type::txt,
            dns::Txt{key_record_text(keys().rsa.public_key())});
  world.add("e._domainkey.example.com", dns::Type::txt,
            dns::Txt{key_record_text(keys().ed25519.public_key())});
  return world;
}

std::string signed_fields(std::string const& header, std::string_view body, SignOptions options) {
  options.now = now;
  auto signer = Signer::make(
      *mail::HeaderSection::parse(header),
      {{"example.com", "r", keys().rsa}, {"example.com", "e", keys().ed25519}}, std::move(options));
  EXPECT_TRUE(signer) << text(signer.error());
  for (char const c : body) signer->body({&c, 1});
  return *signer->finish();
}

std::vector<SignatureResult> verified(std::string const& header, std::string_view body,
                                      dns::World const& world = published(),
                                      VerifyOptions const& options = {}, Instant when = now) {
  Verifier verifier{*mail::HeaderSection::parse(header), options};
  verifier.body(body);
  verifier.end_of_body();
  dns::Facts facts;
  KeyCache cache;
  auto outcome = dns::replay(
      world, facts, [&](dns::Facts const& known) { return verifier.results(known, when, cache); });
  return std::get<std::vector<SignatureResult>>(std::move(outcome));
}

TEST(Signer, both_key_types_verify_in_every_canonicalization) {
  for (Canonicalization const h : {Canonicalization::simple, Canonicalization::relaxed}) {
    for (Canonicalization const b : {Canonicalization::simple, Canonicalization::relaxed}) {
      SignOptions options;
      options.header = h;
      options.body = b;
      std::string const fields = signed_fields(header_text, body_text, options);
      auto const results = verified(fields + header_text, body_text);
      ASSERT_EQ(results.size(), 2U);
      EXPECT_EQ(results[0].word, Word::pass) << problem_text(results[0].problem);
      EXPECT_EQ(results[1].word, Word::pass) << problem_text(results[1].problem);
      EXPECT_EQ(results[0].key_bits, 2048U);
      EXPECT_EQ(results[1].algorithm, "ed25519-sha256");
    }
  }
}

TEST(Signer, lines_stay_short) {
  for (std::string_view line : ascii::split(signed_fields(header_text, body_text, {}), '\n')) {
    EXPECT_LE(line.size(), 79U) << line;
  }
}

TEST(Signer, a_changed_or_added_field_breaks_the_signature) {
  std::string const fields = signed_fields(header_text, body_text, {});
  std::string const second_subject = fields + "Subject: other\r\n" + header_text;
  EXPECT_EQ(verified(second_subject, body_text)[0].problem, Problem::signature_wrong);
  std::string changed = header_text;
  changed.replace(changed.find("alice@"), 5, "mallo");
  EXPECT_EQ(verified(fields + changed, body_text)[0].problem, Problem::signature_wrong);
  EXPECT_EQ(verified(fields + "Received: x\r\n" + header_text, body_text)[0].word, Word::pass);
  EXPECT_EQ(verified(fields + header_text, "Hi\r\n")[1].problem, Problem::body_changed);
}

TEST(Signer, refuses_messages_that_nobody_should_sign) {
  auto const refuse = [](std::string const& header, SignOptions options) {
    auto signer = Signer::make(*mail::HeaderSection::parse(header),
                               {{"example.com", "r", keys().rsa}}, std::move(options));
    return signer ? std::nullopt : std::optional{signer.error()};
  };
  EXPECT_EQ(refuse("To: a@b.example\r\n", {}), SignError::no_from);
  EXPECT_EQ(refuse("From: a@b.example\r\nFROM: c@d.example\r\n", {}), SignError::several_from);
  SignOptions no_from;
  no_from.fields = {"To"};
  EXPECT_EQ(refuse(header_text, no_from), SignError::from_not_in_fields);
  SignOptions foreign;
  foreign.identity = "@example.org";
  EXPECT_EQ(refuse(header_text, foreign), SignError::bad_identity);
}

TEST(Verifier, says_policy_for_small_keys_and_temperror_for_failing_dns) {
  std::string const fields = signed_fields(header_text, body_text, {});
  VerifyOptions options;
  options.rsa_bits_min = 4096;
  EXPECT_EQ(verified(fields + header_text, body_text, published(), options)[0].word, Word::policy);
  dns::World down;
  down.fail("r._domainkey.example.com", dns::Failure::timeout);
  auto const results = verified(fields + header_text, body_text, down);
  EXPECT_EQ(results[0].word, Word::temperror);
  EXPECT_EQ(results[1].problem, Problem::key_absent);
}

TEST(Verifier, times_count_with_a_little_skew) {
  SignOptions options;
  options.expiration = 1795262400 + 60;
  std::string const message = signed_fields(header_text, body_text, options) + header_text;
  using namespace std::chrono_literals;
  EXPECT_EQ(verified(message, body_text, published(), {}, now + 90s)[0].word, Word::pass);
  EXPECT_EQ(verified(message, body_text, published(), {}, now + 1h)[0].problem, Problem::expired);
  EXPECT_EQ(verified(message, body_text, published(), {}, now - 1h)[0].problem, Problem::future);
}

TEST(Verifier, looks_at_a_bounded_number_of_signatures) {
  std::string header;
  for (int i = 0; i < 30; ++i) header += signed_fields(header_text, body_text, {});
  auto const results = verified(header + header_text, body_text);
  ASSERT_EQ(results.size(), 60U);
  EXPECT_EQ(results.front().word, Word::pass);
  EXPECT_EQ(results.back().word, Word::neutral);
  EXPECT_EQ(results.back().problem, Problem::too_many);
}

TEST(KeyCache, forgets_the_longest_unused_key) {
  KeyCache cache{1};
  std::string const rsa = keys().rsa.public_key().octets();
  EXPECT_TRUE(cache.get(KeyType::rsa, rsa));
  EXPECT_TRUE(cache.get(KeyType::ed25519, keys().ed25519.public_key().octets()));
  EXPECT_TRUE(cache.get(KeyType::rsa, rsa));
  EXPECT_FALSE(cache.get(KeyType::rsa, "nonsense"));
}

TEST(PrivateKey, survives_its_pem_form) {
  auto const again = PrivateKey::from_pem(keys().ed25519.pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key().octets(), keys().ed25519.public_key().octets());
  EXPECT_FALSE(
      PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"));
}
}  // namespace
}  // namespace pb::dkim
