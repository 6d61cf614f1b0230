// mail_auth_intake_test.cpp: strangers are verified, accounts are signed, trusted peers left alone.
// Spec: RFC 8601 §2, RFC 6376 §5, RFC 9989 §5.4.
#include "runtime/mail_auth_intake.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <vector>

#include "dkim/verify.hpp"
#include "dns/world_yaml.hpp"
#include "runtime/queue_fixture.hpp"

namespace pb::runtime {
namespace {
using policy::DmarcAction;
using smtp::server::CommitResult;
constexpr char const* header_text = "From: a@example.com\r\nTo: b@example.org\r\nSubject: hi\r\n";

/// Keeps what reaches it.
class KeepingIntake final : public Intake {
 public:
  struct Sink final : BodySink {
    std::optional<smtp::server::SinkAnswer> append(std::string_view bytes) override {
      body += bytes;
      return smtp::server::SinkAnswer::ok;
    }
    asio::awaitable<smtp::server::SinkAnswer> settle() override {
      co_return smtp::server::SinkAnswer::ok;
    }
    std::string body;
  };
  QueueId make_id() override { return QueueId{7}; }
  std::unique_ptr<BodySink> open_body(QueueId) override { return std::make_unique<Sink>(); }
  asio::awaitable<smtp::server::CommitAnswer> commit(AcceptedMessage message) override {
    body = dynamic_cast<Sink&>(*message.body).body;
    got = std::move(message);
    co_return smtp::server::CommitAnswer{CommitResult::durable, QueueId{7}};
  }
  std::optional<AcceptedMessage> got;
  std::string body;
};

/// Counts what is asked.
class CountingResolver final : public Resolver {
 public:
  explicit CountingResolver(dns::World world) : inner_{std::move(world)} {}
  asio::awaitable<dns::Answer> ask(dns::Question question) override {
    ++asked;
    co_return co_await inner_.ask(std::move(question));
  }
  std::size_t asked = 0;

 private:
  WorldResolver inner_;
};

class MailAuthIntakeTest : public ::testing::Test {
 protected:
  MailAuthIntakeTest() {
    world.add("s._domainkey.example.com", dns::Type::txt,
              dns::Txt{dkim::key_record_text(key.public_key())});
    world.add("r._domainkey.example.com", dns::Type::txt,
              dns::Txt{dkim::key_record_text(rsa.public_key())});
    facts.peer.peer.address = *IpAddress::parse("192.0.2.1");
    facts.helo = "mx.example.com";
  }
  struct Outcome {
    CommitResult result;
    std::string trace;
    std::string body;
    bool spf_failed = false, junk = false, held = false;
    bool reached_queue = false;
  };
  Outcome pass(std::string const& header, std::string const& body) {
    auto const inner = std::make_shared<KeepingIntake>();  // shared: as the intake takes it
    CountingResolver resolver{world};
    NullLog log;
    WallClock clock;
    MailAuthSettings settings;
    settings.hostname = "mx.example.org";
    settings.signer = std::make_shared<DkimSigner const>(
        std::vector<dkim::SigningKey>{{"example.com", "s", key}, {"example.com", "r", rsa}});
    settings.verifies = [this](auto const&) { return verifies; };
    settings.action_of = [this](auto const&, auto const&) { return action; };
    if (seals)
      settings.sealing.emplace(dkim::SigningKey{"example.com", "r", rsa},
                               [](mail::Envelope const&) { return true; });
    settings.on_dmarc = [this](AggregateFact const& fact) {
      counted.emplace_back(policy::text(fact.disposal));
    };
    auto const intake = make_mail_auth_intake(inner, resolver, clock, log, std::move(settings));
    auto parsed = *mail::HeaderSection::parse(header);
    facts.message.header = &parsed;
    auto sink = intake->open_body_of(QueueId{7}, facts);
    for (char const c : body) sink->append({&c, 1});
    AcceptedMessage message{QueueId{7}, {}, facts, std::move(sink)};
    message.facts.message.header = nullptr;
    message.message.header = parsed;
    message.message.trace = "Received: by us\r\n";
    message.message.envelope.reverse_path.mailbox = mail::Mailbox{"a", {"example.com"}};
    asio::io_context context;
    std::optional<smtp::server::CommitAnswer> answer;
    asio::co_spawn(context, intake->commit(std::move(message)),
                   [&](std::exception_ptr error, smtp::server::CommitAnswer got) {
                     EXPECT_EQ(error, nullptr);
                     answer = got;
                   });
    context.run();
    asked = resolver.asked;
    Outcome out{answer->result, "", inner->body};
    if (!inner->got) return out;
    out.reached_queue = true;
    out.trace = inner->got->message.trace;
    out.spf_failed = inner->got->spf_failed;
    out.junk = inner->got->junk;
    out.held = inner->got->message.verdict.action == smtp::server::Action::hold;
    return out;
  }
  std::string signed_header(std::string_view body) {
    WallClock const clock;
    return DkimSigner{{{"example.com", "s", key}}}.sign(
               std::string{header_text} + "\r\n" + std::string{body}, clock.now()) +
           header_text;
  }

  dkim::PrivateKey key = *dkim::PrivateKey::generate(dkim::KeyType::ed25519, 0);
  dkim::PrivateKey rsa = *dkim::PrivateKey::generate(dkim::KeyType::rsa, 2048);
  dns::World world = *dns::world_from_yaml(R"(
example.com:
  - TXT: "v=spf1 ip4:192.0.2.1 -all"
_dmarc.example.com:
  - TXT: "v=DMARC1; p=reject"
)");
  smtp::server::SessionFacts facts;
  DmarcAction action = DmarcAction::record;
  bool verifies = true;
  bool seals = false;
  std::size_t asked = 0;
  std::vector<std::string> counted;
};

TEST_F(MailAuthIntakeTest, a_strangers_message_gets_one_field_that_says_what_passed) {
  Outcome const out = pass(signed_header("Hello\r\n"), "Hello\r\n");
  EXPECT_EQ(out.result, CommitResult::durable);
  EXPECT_TRUE(out.trace.starts_with("Authentication-Results: mx.example.org;")) << out.trace;
  EXPECT_TRUE(out.trace.ends_with("\r\nReceived: by us\r\n"));
  for (char const* word : {"spf=pass", "dkim=pass", "dmarc=pass"})
    EXPECT_NE(out.trace.find(word), std::string::npos) << word << out.trace;
  EXPECT_EQ(out.body, "Hello\r\n");
  EXPECT_FALSE(out.junk || out.spf_failed || out.held);
}

TEST_F(MailAuthIntakeTest, a_forgery_is_taken_as_junk_and_no_report_goes_to_its_sender) {
  facts.peer.peer.address = *IpAddress::parse("203.0.113.1");
  Outcome const out = pass(header_text, "Pay me\r\n");
  EXPECT_EQ(out.result, CommitResult::durable);
  EXPECT_NE(out.trace.find("dmarc=fail"), std::string::npos) << out.trace;
  EXPECT_TRUE(out.junk);
  EXPECT_TRUE(out.spf_failed);
  EXPECT_FALSE(out.held);
}

TEST_F(MailAuthIntakeTest, the_rule_decides_what_becomes_of_a_forgery) {
  facts.peer.peer.address = *IpAddress::parse("203.0.113.1");
  action = DmarcAction::reject;
  Outcome out = pass(header_text, "Pay me\r\n");
  EXPECT_EQ(out.result, CommitResult::refused_dmarc);
  EXPECT_FALSE(out.reached_queue);
  action = DmarcAction::hold;
  EXPECT_TRUE(pass(header_text, "Pay me\r\n").held);
  action = DmarcAction::quarantine;
  EXPECT_TRUE(pass(header_text, "Pay me\r\n").trace.starts_with("X-Spam-Flag: YES\r\n"));
}

TEST_F(MailAuthIntakeTest, dns_that_fails_where_nothing_else_passes_puts_the_message_off) {
  world.remove("s._domainkey.example.com", dns::Type::txt);
  world.fail("s._domainkey.example.com", dns::Failure::timeout);
  EXPECT_EQ(pass(signed_header("x\r\n"), "x\r\n").result, CommitResult::durable);
  facts.peer.peer.address = *IpAddress::parse("203.0.113.1");
  Outcome const out = pass(signed_header("x\r\n"), "x\r\n");
  EXPECT_EQ(out.result, CommitResult::deferred_dns);
  EXPECT_FALSE(out.reached_queue);
}

TEST_F(MailAuthIntakeTest, what_an_account_submits_is_signed_with_every_key_and_asks_nothing) {
  facts.account = "a@example.com";
  facts.role = smtp::server::Role::submission;
  Outcome const out = pass(header_text, "Hello\r\n");
  EXPECT_EQ(asked, 0U);
  EXPECT_NE(out.trace.find("a=ed25519-sha256"), std::string::npos);
  EXPECT_NE(out.trace.find("a=rsa-sha256"), std::string::npos);
  EXPECT_TRUE(out.trace.ends_with("\r\nReceived: by us\r\n"));
  facts.account.clear();
  facts.role = smtp::server::Role::relay;
  Outcome const there = pass(out.trace + header_text, "Hello\r\n");
  EXPECT_NE(there.trace.find("dkim=pass"), std::string::npos) << there.trace;
}

TEST_F(MailAuthIntakeTest, a_trusted_network_is_signed_for_and_never_asked_about) {
  facts.peer.trusted = true;
  Outcome const out = pass(header_text, "Hello\r\n");
  EXPECT_EQ(asked, 0U);
  EXPECT_TRUE(out.trace.starts_with("DKIM-Signature: ")) << out.trace;
}

TEST_F(MailAuthIntakeTest, a_listener_that_verifies_nothing_asks_nothing) {
  verifies = false;
  Outcome const out = pass(header_text, "Hello\r\n");
  EXPECT_EQ(asked, 0U);
  EXPECT_EQ(out.trace, "Received: by us\r\n");
}

TEST_F(MailAuthIntakeTest, a_message_of_a_domain_without_keys_stays_as_it_is) {
  facts.account = "a@example.net";
  EXPECT_EQ(pass("From: a@example.net\r\n", "x\r\n").trace, "Received: by us\r\n");
}

TEST_F(MailAuthIntakeTest, what_an_alias_leads_elsewhere_is_sealed_and_its_chain_goes_on) {
  seals = true;
  Outcome const first = pass(signed_header("Hello\r\n"), "Hello\r\n");
  EXPECT_TRUE(first.trace.starts_with("ARC-Seal: a=rsa-sha256;")) << first.trace;
  EXPECT_NE(first.trace.find("cv=none; d=example.com; i=1;"), std::string::npos);
  Outcome const second = pass(first.trace + signed_header("Hello\r\n"), "Hello\r\n");
  EXPECT_NE(second.trace.find("arc=pass"), std::string::npos) << second.trace;
  EXPECT_NE(second.trace.find("cv=pass; d=example.com; i=2;"), std::string::npos);
  Outcome const changed = pass(second.trace + first.trace + header_text, "Hullo\r\n");
  EXPECT_NE(changed.trace.find("cv=fail"), std::string::npos) << changed.trace;
  Outcome const after = pass(changed.trace + second.trace + first.trace + header_text, "Hullo\r\n");
  EXPECT_FALSE(after.trace.starts_with("ARC-Seal:")) << "an ended chain stays ended";
}

TEST_F(MailAuthIntakeTest, every_verified_message_is_counted_once_with_what_became_of_it) {
  pass(signed_header("Hello\r\n"), "Hello\r\n");
  facts.peer.peer.address = *IpAddress::parse("203.0.113.1");
  pass(header_text, "Pay me\r\n");
  facts.peer.trusted = true;
  pass(header_text, "Hello\r\n");
  EXPECT_EQ(counted, (std::vector<std::string>{"deliver", "junk"}));
}

TEST(DkimSigner, keys_of_the_nearest_domain_sign) {
  auto const make = [] { return *dkim::PrivateKey::generate(dkim::KeyType::ed25519, 0); };
  DkimSigner const signer{{{"example.com", "a", make()},
                           {"mail.example.com", "b", make()},
                           {"other.com", "c", make()}}};
  auto const selectors = [&](char const* from) {
    std::string out;
    for (auto const& key : signer.keys_for(*mail::HeaderSection::parse(from))) out += key.selector;
    return out;
  };
  EXPECT_EQ(selectors("From: x@example.com\r\n"), "a");
  EXPECT_EQ(selectors("From: x@mail.example.com\r\n"), "b");
  EXPECT_EQ(selectors("From: x@eu.mail.example.com\r\n"), "b");
  EXPECT_EQ(selectors("From: x@www.example.com\r\n"), "a");
  EXPECT_EQ(selectors("From: x@badexample.com\r\n"), "");
  EXPECT_EQ(selectors("From: x@example.com\r\nFrom: x@other.com\r\n"), "");
}
}  // namespace
}  // namespace pb::runtime
