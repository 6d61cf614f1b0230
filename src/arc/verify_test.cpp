// verify_test.cpp: chains that we seal verify; what breaks them is named.      Spec: RFC 8617 §5.
#include "arc/verify.hpp"

#include <gtest/gtest.h>

#include "arc/seal.hpp"
#include "dns/world.hpp"

namespace pb::arc {
namespace {
constexpr char const* header_text =
    "From: Alice <alice@example.com>\r\nTo: list@example.org\r\nSubject: hi\r\n";
constexpr char const* body_text = "Hello\r\n";

dkim::PrivateKey const& key() {
  static dkim::PrivateKey const made = *dkim::PrivateKey::generate(dkim::KeyType::ed25519, 0);
  return made;
}

dns::World published() {
  dns::World world;
  world.add("s._domainkey.list.example", dns::Type::txt,
            dns::Txt{dkim::key_record_text(key().public_key())});
  return world;
}

std::expected<std::string, SealError> sealed(std::string const& header, ChainStatus status) {
  SealOptions options;
  options.authserv_id = "list.example";
  options.results = {"spf=pass smtp.mailfrom=alice@example.com"};
  options.status = status;
  auto sealer = Sealer::make(*mail::HeaderSection::parse(header), {"list.example", "s", key()},
                             std::move(options));
  if (!sealer) return std::unexpected{sealer.error()};
  sealer->body(body_text);
  return *sealer->finish() + header;
}

Result verified(std::string const& header, std::string_view body = body_text,
                dns::World const& world = published()) {
  Verifier verifier{*mail::HeaderSection::parse(header), {}};
  verifier.body(body);
  verifier.end_of_body();
  dns::Facts facts;
  dkim::KeyCache keys;
  auto outcome = dns::replay(world, facts,
                             [&](dns::Facts const& known) { return verifier.result(known, keys); });
  return std::get<Result>(std::move(outcome));
}

std::string chain_of(int sets) {
  std::string header = header_text;
  for (int i = 0; i < sets; ++i) {
    header = *sealed(header, i == 0 ? ChainStatus::none : ChainStatus::pass);
  }
  return header;
}

TEST(Arc, a_chain_that_we_sealed_passes) {
  Result const result = verified(chain_of(3));
  EXPECT_EQ(result.word, Word::pass) << result.problem;
  ASSERT_EQ(result.sealers.size(), 3U);
  EXPECT_EQ(result.sealers[0].domain, "list.example");
  EXPECT_EQ(result.newest_results, "list.example;\tspf=pass smtp.mailfrom=alice@example.com");
  EXPECT_EQ(verified(header_text).word, Word::none);
}

TEST(Arc, changes_break_the_chain) {
  std::string header = chain_of(2);
  EXPECT_EQ(verified(header, "other\r\n").word, Word::fail);
  std::string old_results = header;
  old_results.replace(old_results.rfind("spf=pass"), 8, "spf=fail");
  Result const result = verified(old_results);
  EXPECT_EQ(result.word, Word::fail);
  EXPECT_TRUE(result.problem.starts_with("seal 2")) << result.problem;
}

TEST(Arc, a_failure_of_dns_is_temporary) {
  dns::World down;
  down.fail("s._domainkey.list.example", dns::Failure::timeout);
  Result const result = verified(chain_of(1), body_text, down);
  EXPECT_EQ(result.word, Word::fail);
  EXPECT_TRUE(result.temporary);
}

TEST(Arc, structure_is_checked_before_any_question) {
  for (char const* header :
       {"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=b; b=YWJj\r\nFrom: a@b.example\r\n",
        "ARC-Authentication-Results: i=99; x; none\r\n", "ARC-Message-Signature: nonsense\r\n"}) {
    Verifier verifier{*mail::HeaderSection::parse(header), {}};
    EXPECT_TRUE(verifier.questions().empty());
    verifier.end_of_body();
    dkim::KeyCache keys;
    auto const outcome = verifier.result({}, keys);
    EXPECT_EQ(std::get<Result>(outcome).word, Word::fail) << header;
  }
}

TEST(Arc, a_failed_chain_is_sealed_once_and_then_left) {
  std::string const failed = *sealed(chain_of(1), ChainStatus::fail);
  EXPECT_EQ(verified(failed).word, Word::fail);
  EXPECT_EQ(sealed(failed, ChainStatus::fail).error(), SealError::chain_ended);
}

TEST(Arc, the_fifty_first_set_is_refused) {
  EXPECT_EQ(sealed(chain_of(50), ChainStatus::pass).error(), SealError::chain_full);
}
}  // namespace
}  // namespace pb::arc
