// mail_auth_test.cpp: one message from its header section to Authentication-Results.
// Spec: RFC 8601 §2.7; RFC 9989 §4.1.
#include "runtime/mail_auth.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "dkim/sign.hpp"
#include "dns/world_yaml.hpp"

namespace pb::runtime {
namespace {
constexpr char const* header_text = "From: a@example.com\r\nTo: b@example.org\r\nSubject: hi\r\n";
Instant const now{std::chrono::seconds{1795262400}};

struct Example {
  dkim::PrivateKey key = *dkim::PrivateKey::generate(dkim::KeyType::ed25519, 0);
  dns::World world = *dns::world_from_yaml(R"(
example.com:
  - TXT: "v=spf1 ip4:192.0.2.1 -all"
_dmarc.example.com:
  - TXT: "v=DMARC1; p=reject"
1.2.0.192.in-addr.arpa:
  - PTR: mx.example.com
mx.example.com:
  - A: 192.0.2.1
)");
  std::string header;

  Example() {
    world.add("s._domainkey.example.com", dns::Type::txt,
              dns::Txt{dkim::key_record_text(key.public_key())});
    dkim::SignOptions options;
    options.now = now;
    auto signer = dkim::Signer::make(*mail::HeaderSection::parse(header_text),
                                     {{"example.com", "s", key}}, options);
    signer->body("Hello\r\n");
    header = *signer->finish() + header_text;
  }

  MailAuthFindings find(std::string_view body, MailAuthSender sender) {
    WorldResolver resolver{world};
    dkim::KeyCache keys;
    MailAuth mail{*mail::HeaderSection::parse(header), {}};
    mail.body(body);
    asio::io_context context;
    std::optional<MailAuthFindings> out;
    asio::co_spawn(context, mail.finish(resolver, std::move(sender), now, keys),
                   [&](std::exception_ptr error, MailAuthFindings found) {
                     EXPECT_EQ(error, nullptr);
                     out = std::move(found);
                   });
    context.run();
    return std::move(*out);
  }
};

MailAuthSender sender_at(char const* ip) {
  return {IpAddress::parse(ip), "mx.example.com", "a@example.com", "mx.example.org"};
}

TEST(MailAuth, everything_passes_for_mail_that_is_what_it_says) {
  Example example;
  auto const sender = sender_at("192.0.2.1");
  MailAuthFindings const found = example.find("Hello\r\n", sender);
  EXPECT_EQ(found.mail_from->word, spf::Word::pass);
  EXPECT_EQ(found.reverse->word, spf::Word::pass);
  ASSERT_EQ(found.dkim.size(), 1U);
  EXPECT_EQ(found.dkim[0].word, dkim::Word::pass);
  EXPECT_EQ(found.dmarc.word, dmarc::Word::pass);
  auto const written = authres::parse(authres::write(results_of(found, sender, "mx.example.org")));
  ASSERT_TRUE(written);
  EXPECT_EQ(written->methods.size(), 5U);
}

TEST(MailAuth, a_forgery_fails_and_the_policy_is_known) {
  Example example;
  MailAuthFindings const found = example.find("Pay me\r\n", sender_at("203.0.113.1"));
  EXPECT_EQ(found.mail_from->word, spf::Word::fail);
  EXPECT_EQ(found.dkim[0].problem, dkim::Problem::body_changed);
  EXPECT_EQ(found.dmarc.word, dmarc::Word::fail);
  EXPECT_EQ(found.dmarc.policy, dmarc::Policy::reject);
  EXPECT_FALSE(found.is_temporary());
}

TEST(MailAuth, dns_that_fails_makes_it_temporary_only_when_nothing_else_passed) {
  Example example;
  example.world.remove("s._domainkey.example.com", dns::Type::txt);
  example.world.fail("s._domainkey.example.com", dns::Failure::timeout);
  EXPECT_FALSE(example.find("Hello\r\n", sender_at("192.0.2.1")).is_temporary());
  EXPECT_TRUE(example.find("Hello\r\n", sender_at("203.0.113.1")).is_temporary());
}
}  // namespace
}  // namespace pb::runtime
