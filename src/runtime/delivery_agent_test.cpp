// delivery_agent_test.cpp: leases through routes, sites and real sockets to a peer that misbehaves.
// Spec: docs/reference ("what fails over, defers, bounces").
#include "runtime/delivery_agent.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "runtime/queue_fixture.hpp"
#include "runtime/smtp_peer.hpp"
#include "runtime/test_support.hpp"

namespace pb::runtime {
namespace {
using testing::SmtpPeer;
using namespace std::chrono_literals;

class CollectingLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::span<LogField const>) override {
    events.emplace_back(event);
  }
  std::vector<std::string> events;
};

class DeliveryAgentTest : public ::testing::Test {
 protected:
  DeliveryAgentTest() {
    auto made = ClientTls::make();
    PB_CHECK(made.has_value());
    tls = *made;
    table.hostname = "us.test";
    table.listeners = {*Endpoint::parse("127.0.0.1:25")};
    settings.connect_wait = 2s;
    settings.idle_keep = 100ms;
    accounts::Account bob;
    bob.name = "bob@local.test";
    accounts::DomainRules rules;
    rules.name = "local.test";
    directory.emplace(std::make_shared<accounts::Directory const>(
        std::vector<accounts::Account>{bob}, std::vector<accounts::DomainRules>{rules}, "us.test"));
  }

  void mx(std::uint16_t preference, std::string const& host, std::string const& address) {
    world.add("two.test", dns::Type::mx, dns::Mx{preference, host});
    world.add(host, dns::Type::a, *IpAddress::parse(address));
  }

  SmtpPeer& peer(std::vector<std::string> arguments, std::string const& address = "127.0.0.2") {
    arguments.insert(arguments.begin(), {"--listen", fmt::format("{}:{}", address, table.mx_port)});
    peers.push_back(std::make_unique<SmtpPeer>(PB_SOURCE_DIR "/tests/end_to_end/smtp_peer.py",
                                               std::move(arguments)));
    table.mx_port = peers.back()->port();
    return *peers.back();
  }
  /// One MX with the given behaviour.
  SmtpPeer& one_mx(std::vector<std::string> arguments) {
    table.mx_port = 0;
    mx(10, "mx.two.test", "127.0.0.2");
    return peer(std::move(arguments));
  }

  LeasedMessage leased(std::vector<std::string> const& recipients, std::string body) {
    queue::NewMessage made =
        message_to(QueueId::make(clock.now(), random), recipients.front(), clock.now(), body);
    auto message = std::make_shared<queue::QueuedMessage>(made.record.message);
    for (std::size_t i = 1; i < recipients.size(); ++i) {
      auto const at = recipients[i].find('@');
      message->envelope.forward_paths.push_back(
          {mail::Mailbox{recipients[i].substr(0, at), {recipients[i].substr(at + 1)}}, {}, ""});
    }
    message->junk = junk;
    message->eight_bit = body.find('\xC3') != std::string::npos;
    LeasedMessage out;
    out.lease.lease = {++leases};
    out.lease.id = message->id;
    out.lease.message = message;
    for (std::uint32_t i = 0; i < recipients.size(); ++i) out.lease.recipients.push_back(i);
    out.bytes = std::make_shared<MessageBytes>(
        message, std::make_shared<std::string const>(std::move(body)), files);
    return out;
  }

  /// Delivers all of them together; what became of each recipient, in order, one line a recipient.
  std::vector<std::string> deliver_all(std::vector<LeasedMessage> messages) {
    std::map<std::pair<std::uint64_t, std::uint32_t>, std::string> outcomes;
    std::size_t wanted = 0;
    for (auto const& message : messages) wanted += message.lease.recipients.size();
    auto routes = std::make_shared<delivery::RoutingTable const>(table);
    settings.routes = routes;
    WorldResolver resolver{world};
    asio::io_context loop;
    auto work = asio::make_work_guard(loop);
    DeliveryAgent agent{
        {loop, resolver, *tls, pool, *directory, clock, random, log,
         [&](queue::AttemptDone const& done) {
           settled.push_back(done.outcomes.size());
           for (auto const& outcome : done.outcomes)
             outcomes[{done.lease.value, outcome.recipient}] = words(outcome.outcome);
           transcripts.insert(transcripts.end(), done.transcripts.begin(), done.transcripts.end());
           if (outcomes.size() == wanted) stop_in_time(loop, [&] { work.reset(); });
         },
         [&](queue::LeaseId lease, QueueId) { sending.push_back(lease.value); }},
        std::make_shared<DeliverySettings const>(settings)};
    agent_ = &agent;
    for (auto& message : messages) agent.start(std::move(message));
    loop.run_for(30s);
    EXPECT_EQ(outcomes.size(), wanted) << "something hangs";
    std::vector<std::string> out;
    for (auto& [key, text] : outcomes) out.push_back(std::move(text));
    return out;
  }
  /// At once, or when `stop_when` says so.
  void stop_in_time(asio::io_context& loop, std::function<void()> done) {
    if (!stop_when || stop_when()) return agent_->stop(std::move(done));
    asio::post(loop, [this, &loop, done = std::move(done)] { stop_in_time(loop, done); });
  }
  std::string deliver(std::vector<std::string> const& recipients = {"b@two.test"},
                      std::string body = "Subject: x\r\n\r\nhello\r\n.dot\r\n") {
    std::string all;
    std::vector<LeasedMessage> messages;
    messages.push_back(leased(recipients, std::move(body)));
    for (std::string const& line : deliver_all(std::move(messages)))
      all += (all.empty() ? "" : "; ") + line;
    return all;
  }

  static std::string words(queue::Outcome const& outcome) {
    if (auto const* deferred = std::get_if<queue::Deferred>(&outcome))
      return fmt::format("deferred {}{}", name(deferred->reason),
                         deferred->attempted ? "" : " (not tried)");
    if (auto const* bounced = std::get_if<queue::Bounced>(&outcome))
      return fmt::format("bounced {}.{}.{} {}", bounced->status.klass, bounced->status.subject,
                         bounced->status.detail, name(bounced->reason));
    return fmt::format("delivered {}", std::get<queue::Delivered>(outcome).reply.code);
  }

  std::shared_ptr<ClientTls const> tls;
  WallClock clock;
  SeededRandom random{1};
  CollectingLog log;
  BodyFiles files{nullptr, ""};
  StoragePool pool;
  std::optional<DirectorySnapshot> directory;
  delivery::RoutingTable table;
  DeliverySettings settings;
  bool junk = false;  // as the intake judged
  dns::World world;
  std::vector<std::unique_ptr<SmtpPeer>> peers;
  std::vector<queue::Transcript> transcripts;
  std::vector<std::size_t> settled;    // recipients, each time
  std::vector<std::uint64_t> sending;  // leases, as their sending began
  DeliveryAgent* agent_ = nullptr;
  std::function<bool()> stop_when;
  std::uint64_t leases = 0;
};

TEST_F(DeliveryAgentTest, delivers_to_an_mx_byte_for_byte) {
  SmtpPeer& peer = one_mx({});
  EXPECT_EQ(deliver(), "delivered 250");
  auto const messages = peer.messages();
  ASSERT_EQ(messages.size(), 1);
  EXPECT_EQ(messages[0].at("content").as_string(),
            "Received: by test\r\nSubject: x\r\n\r\nhello\r\n.dot\r\n");
  ASSERT_EQ(transcripts.size(), 1);
  EXPECT_EQ(transcripts[0].host, "mx.two.test");
  EXPECT_FALSE(transcripts[0].lines.empty());
  EXPECT_EQ(sending.size(), 1) << "the queue is told that a sending begins";
}

TEST_F(DeliveryAgentTest, chunking_and_many_recipients_in_one_transaction) {
  SmtpPeer& peer = one_mx({"--caps", "PIPELINING,CHUNKING"});
  EXPECT_EQ(deliver({"b@two.test", "c@two.test", "d@TWO.test"}),
            "delivered 250; delivered 250; delivered 250");
  ASSERT_EQ(peer.messages().size(), 1);
  EXPECT_EQ(peer.messages()[0].at("to").as_array().size(), 3);
}

TEST_F(DeliveryAgentTest, each_recipient_has_its_own_outcome) {
  one_mx({"--on", "RCPT#2=550 5.1.1 no such user", "--on", "RCPT#3=451 4.2.1 later"});
  EXPECT_EQ(deliver({"a@two.test", "b@two.test", "c@two.test"}),
            "delivered 250; bounced 5.1.1 remote_refused; deferred remote_deferred");
}

TEST_F(DeliveryAgentTest, too_many_recipients_go_in_another_transaction_at_once) {
  SmtpPeer& peer = one_mx({"--on", "RCPT#3=452 4.5.3 too many"});
  EXPECT_EQ(deliver({"a@two.test", "b@two.test", "c@two.test"}),
            "delivered 250; delivered 250; delivered 250");
  EXPECT_EQ(peer.messages().size(), 2);
  EXPECT_EQ(peer.connections(), 1);
  EXPECT_EQ(settled, (std::vector<std::size_t>{2, 1})) << "no crash repeats the first transaction";
  EXPECT_EQ(transcripts.size(), 2) << "each once";
}

/// Every fault class at every phase, on a real socket.
struct FaultCase {
  std::vector<std::string> on;
  std::string outcome;
};
class FaultOnSocket : public DeliveryAgentTest, public ::testing::WithParamInterface<FaultCase> {};
TEST_P(FaultOnSocket, has_its_outcome_and_reason) {
  std::vector<std::string> arguments;
  for (std::string const& rule : GetParam().on) arguments.insert(arguments.end(), {"--on", rule});
  one_mx(arguments);
  EXPECT_EQ(deliver(), GetParam().outcome);
}
INSTANTIATE_TEST_SUITE_P(
    phases, FaultOnSocket,
    ::testing::Values(FaultCase{{"greeting=554 5.7.1 go away"}, "deferred greeting_refused"},
                      FaultCase{{"greeting=421 4.3.2 busy"}, "deferred greeting_refused"},
                      FaultCase{{"greeting=garbage"}, "deferred remote_garbage"},
                      FaultCase{{"greeting=close"}, "deferred connection_lost"},
                      FaultCase{{"greeting=reset"}, "deferred connection_lost"},
                      FaultCase{{"EHLO=450 later"}, "deferred greeting_refused"},
                      FaultCase{{"EHLO=502 no"}, "delivered 250"},  // HELO
                      FaultCase{{"EHLO=502 no", "HELO=502 no"}, "deferred greeting_refused"},
                      FaultCase{{"EHLO=reset"}, "deferred connection_lost"},
                      FaultCase{{"MAIL=550 5.7.1 not you"}, "bounced 5.7.1 remote_refused"},
                      FaultCase{{"MAIL=451 4.3.0 later"}, "deferred remote_deferred"},
                      FaultCase{{"MAIL=421 4.3.2 closing"}, "deferred service_closing"},
                      FaultCase{{"MAIL=garbage"}, "deferred remote_garbage"},
                      FaultCase{{"MAIL=close"}, "deferred connection_lost"},
                      FaultCase{{"RCPT=550 no"}, "bounced 5.0.0 remote_refused"},
                      FaultCase{{"RCPT=550 no", "DATA=354 go"}, "bounced 5.0.0 remote_refused"},
                      FaultCase{{"RCPT=450 greylisted"}, "deferred remote_deferred"},
                      FaultCase{{"RCPT=421 closing"}, "deferred service_closing"},
                      FaultCase{{"RCPT=reset"}, "deferred connection_lost"},
                      FaultCase{{"DATA=554 5.7.1 spam"}, "bounced 5.7.1 remote_refused"},
                      FaultCase{{"DATA=451 4.3.0 later"}, "deferred remote_deferred"},
                      FaultCase{{"DATA=close"}, "deferred connection_lost"},
                      FaultCase{{"DATA=250 what"}, "deferred remote_garbage"},
                      FaultCase{{"END=554 5.6.0 no"}, "bounced 5.6.0 remote_refused"},
                      FaultCase{{"END=451 4.3.0 later"}, "deferred remote_deferred"},
                      FaultCase{{"END=421 4.3.2 closing"}, "deferred service_closing"},
                      FaultCase{{"END=close"}, "deferred outcome_unknown"},
                      FaultCase{{"END=reset"}, "deferred outcome_unknown"},
                      FaultCase{{"END=garbage"}, "deferred outcome_unknown"}));

TEST_F(DeliveryAgentTest, the_next_host_is_tried_when_the_first_fails_before_the_message) {
  table.mx_port = 0;
  mx(10, "a.two.test", "127.0.0.2");
  mx(20, "b.two.test", "127.0.0.3");
  mx(30, "c.two.test", "127.0.0.4");  // nobody listens there
  SmtpPeer& first = peer({"--on", "greeting=554 no"}, "127.0.0.2");
  SmtpPeer& second = peer({}, "127.0.0.3");
  EXPECT_EQ(deliver(), "delivered 250");
  EXPECT_EQ(first.messages().size(), 0);
  EXPECT_EQ(second.messages().size(), 1);
  EXPECT_EQ(transcripts.size(), 2);
}

TEST_F(DeliveryAgentTest, a_refusal_of_the_message_is_not_asked_for_twice) {
  table.mx_port = 0;
  mx(10, "a.two.test", "127.0.0.2");
  mx(20, "b.two.test", "127.0.0.3");
  peer({"--on", "RCPT=550 5.1.1 no"}, "127.0.0.2");
  SmtpPeer& second = peer({}, "127.0.0.3");
  EXPECT_EQ(deliver(), "bounced 5.1.1 remote_refused");
  EXPECT_EQ(second.connections(), 0);
}

TEST_F(DeliveryAgentTest, silence_ends_with_the_longest_wait_that_the_operator_allows) {
  settings.wait_max = 100ms;
  one_mx({"--on", "EHLO=silence"});
  EXPECT_EQ(deliver(), "deferred remote_timeout");
}

TEST_F(DeliveryAgentTest, silence_behind_the_end_of_data_leaves_the_outcome_unknown) {
  settings.wait_max = 100ms;
  one_mx({"--on", "END=silence"});
  EXPECT_EQ(deliver(), "deferred outcome_unknown");
}

TEST_F(DeliveryAgentTest, nobody_listens_anywhere) {
  table.mx_port = 1;  // nothing is there on loopback
  mx(10, "a.two.test", "127.0.0.2");
  mx(20, "b.two.test", "127.0.0.3");
  EXPECT_EQ(deliver(), "deferred connect_failed");
  EXPECT_EQ(transcripts.size(), 2);
}

TEST_F(DeliveryAgentTest, the_dns_decides_before_any_connection) {
  EXPECT_EQ(deliver({"x@nowhere.test"}), "bounced 5.1.2 domain_not_found");
  world.fail("s.test", dns::Failure::servfail);
  world.fail("t.test", dns::Failure::timeout);
  world.fail("b.test", dns::Failure::bogus);
  world.add("n.test", dns::Type::mx, dns::Mx{0, ""});
  world.add("loop.test", dns::Type::mx, dns::Mx{10, "us.test"});
  world.add("us.test", dns::Type::a, *IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(deliver({"a@s.test", "a@t.test", "a@b.test", "a@n.test", "a@loop.test"}),
            "deferred dns_failed; deferred dns_timeout; deferred dns_bogus; bounced 5.1.10 "
            "null_mx; bounced 5.4.6 mail_loop");
}

TEST_F(DeliveryAgentTest, messages_to_one_site_share_its_connections) {
  SmtpPeer& peer = one_mx({});
  settings.site_limits.slots_start = 2;
  settings.site_limits.slots_max = 2;
  std::vector<LeasedMessage> messages;
  for (int i = 0; i < 20; ++i)
    messages.push_back(leased({fmt::format("u{}@two.test", i)}, "Subject: x\r\n\r\nhello\r\n"));
  for (std::string const& outcome : deliver_all(std::move(messages)))
    EXPECT_EQ(outcome, "delivered 250");
  EXPECT_EQ(peer.messages().size(), 20);
  EXPECT_LE(peer.connections(), 2);
  EXPECT_FALSE(peer.was_told("RSET"));
}

TEST_F(DeliveryAgentTest, a_connection_that_nobody_wants_any_more_ends_with_quit) {
  SmtpPeer& mx = one_mx({});
  Instant const begun = clock.now();
  stop_when = [&] { return mx.was_told("QUIT") || clock.now() - begun > 10s; };
  EXPECT_EQ(deliver(), "delivered 250");
  EXPECT_TRUE(mx.was_told("QUIT"));
  EXPECT_LT(clock.now() - begun, 10s);
}

TEST_F(DeliveryAgentTest, a_site_that_is_down_is_not_hammered) {
  table.mx_port = 1;
  mx(10, "a.two.test", "127.0.0.2");
  std::vector<LeasedMessage> messages;
  for (int i = 0; i < 50; ++i) messages.push_back(leased({"u@two.test"}, "a: b\r\n\r\n"));
  std::size_t tried = 0, given_back = 0;
  for (std::string const& outcome : deliver_all(std::move(messages))) {
    tried += outcome == "deferred connect_failed" ? 1 : 0;
    given_back += outcome == "deferred site_down (not tried)" ? 1 : 0;
  }
  EXPECT_EQ(tried + given_back, 50);
  EXPECT_LE(tried, 8);
}

TEST_F(DeliveryAgentTest, eight_bit_is_converted_where_no_host_takes_it) {
  SmtpPeer& peer = one_mx({"--caps", "PIPELINING"});
  EXPECT_EQ(deliver({"b@two.test"},
                    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: 8bit\r\n\r\none caf\xC3\xA9 please\r\n"),
            "delivered 250");
  ASSERT_EQ(peer.messages().size(), 1);
  std::string const content{peer.messages()[0].at("content").as_string()};
  EXPECT_NE(content.find("one caf=C3=A9 please"), std::string::npos) << content;
}

TEST_F(DeliveryAgentTest, signed_eight_bit_goes_as_it_is_and_bounces_only_on_demand) {
  SmtpPeer& peer = one_mx({"--caps", "PIPELINING"});
  std::string const body = "DKIM-Signature: x\r\nMIME-Version: 1.0\r\n\r\ncaf\xC3\xA9\r\n";
  EXPECT_EQ(deliver({"b@two.test"}, body), "delivered 250");
  EXPECT_EQ(peer.messages().size(), 1);
  EXPECT_EQ(log.events, std::vector<std::string>{"eight_bit_sent_anyway"});
  settings.eight_bit = delivery::EightBit::bounce;
  EXPECT_EQ(deliver({"b@two.test"}, body), "bounced 5.6.3 eight_bit_unsupported");
}

TEST_F(DeliveryAgentTest, a_header_needs_smtputf8_only_when_it_is_utf8) {
  SmtpPeer& peer = one_mx({"--caps", "8BITMIME"});
  EXPECT_EQ(deliver({"b@two.test"}, "Subject: caf\xC3\xA9\r\n\r\nx\r\n"),
            "bounced 5.6.9 utf8_header_unsupported");
  std::string const latin = "Subject: caf\xE9 \xC3\r\n\r\nx\r\n";  // no form of SMTP asks for it
  EXPECT_EQ(deliver({"b@two.test"}, latin), "delivered 250");
  ASSERT_EQ(peer.messages().size(), 1);
}

class TlsDelivery : public DeliveryAgentTest {
 protected:
  TlsDelivery() {
    std::ofstream{cert()} << leaf.chain_pem;
    std::ofstream{key()} << leaf.key_pem;
    auto made = ClientTls::make(ca.pair.certificate_pem);
    PB_CHECK(made.has_value());
    tls = *made;
  }
  std::string cert() const { return directory_.path() + "/cert.pem"; }
  std::string key() const { return directory_.path() + "/key.pem"; }
  void smarthost(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--cert", cert(), "--key", key()});
    SmtpPeer& made = one_mx(std::move(arguments));
    world.add("smtp.test", dns::Type::a, *IpAddress::parse("127.0.0.2"));
    table.rules = {{"*",
                    {*delivery::parse_via(fmt::format("submission://smtp.test:{}", made.port()))},
                    delivery::Families::any,
                    {},
                    {}}};
    table.credentials["smtp.test"] = {"user", "secret", ""};
  }

  testing::Ca ca = testing::Ca::make();
  CertificateSettings leaf = ca.leaf({"smtp.test"});
  TemporaryDirectory directory_;
};

TEST_F(TlsDelivery, starttls_is_used_where_it_is_offered_whoever_it_is) {
  SmtpPeer& peer = one_mx({"--cert", cert(), "--key", key()});
  EXPECT_EQ(deliver(), "delivered 250");
  ASSERT_EQ(peer.messages().size(), 1);
  EXPECT_EQ(peer.messages()[0].at("tls").as_bool(), true);
  EXPECT_TRUE(transcripts.at(0).tls.ends_with("unverified")) << transcripts.at(0).tls;
}

TEST_F(TlsDelivery, a_handshake_that_fails_is_followed_by_mail_in_the_clear) {
  SmtpPeer& peer = one_mx({"--cert", cert(), "--key", key(), "--on", "HANDSHAKE=garbage"});
  EXPECT_EQ(deliver(), "delivered 250");
  ASSERT_EQ(peer.messages().size(), 1);
  EXPECT_EQ(peer.messages()[0].at("tls").as_bool(), false);
}

TEST_F(TlsDelivery, a_verified_smarthost_gets_the_password) {
  smarthost({"--caps", "PIPELINING,AUTH PLAIN"});
  EXPECT_EQ(deliver({"b@elsewhere.test"}), "delivered 250");
  EXPECT_TRUE(peers[0]->was_told("AUTH PLAIN AHVzZXIAc2VjcmV0"));
}

TEST_F(TlsDelivery, another_certificate_gets_neither_password_nor_mail) {
  leaf = ca.leaf({"other.test"});
  std::ofstream{cert()} << leaf.chain_pem;
  std::ofstream{key()} << leaf.key_pem;
  smarthost({"--caps", "PIPELINING,AUTH PLAIN"});
  EXPECT_EQ(deliver({"b@elsewhere.test"}), "deferred untrusted_certificate");
  EXPECT_FALSE(peers[0]->was_told("AUTH"));
  EXPECT_FALSE(peers[0]->was_told("MAIL"));
  EXPECT_EQ(log.events, std::vector<std::string>{"delivery_fault"});
}

TEST_F(TlsDelivery, a_refused_login_is_an_operator_error_and_never_a_bounce) {
  smarthost({"--caps", "PIPELINING,AUTH PLAIN", "--on", "AUTH=535 5.7.8 wrong"});
  EXPECT_EQ(deliver({"b@elsewhere.test"}), "deferred credentials_refused");
  EXPECT_EQ(log.events, std::vector<std::string>{"delivery_fault"});
}

TEST_F(TlsDelivery, without_starttls_a_smarthost_with_a_user_gets_nothing) {
  SmtpPeer& made = one_mx({"--caps", "PIPELINING,AUTH PLAIN"});
  world.add("smtp.test", dns::Type::a, *IpAddress::parse("127.0.0.2"));
  table.rules = {{"*",
                  {*delivery::parse_via(fmt::format("relay://smtp.test:{}", made.port()))},
                  delivery::Families::any,
                  {},
                  {}}};
  table.credentials["smtp.test"] = {"user", "secret", ""};
  EXPECT_EQ(deliver({"b@elsewhere.test"}), "deferred policy_tls_required");
  EXPECT_FALSE(made.was_told("AUTH"));
  EXPECT_FALSE(made.was_told("MAIL"));
}

TEST_F(DeliveryAgentTest, lmtp_answers_for_each_recipient) {
  table.mx_port = 0;
  SmtpPeer& made = peer({"--lmtp", "--on", "END#2=452 4.2.2 full"});
  table.local_domains.emplace("local.test",
                              *delivery::parse_via(fmt::format("lmtp:127.0.0.2:{}", made.port())));
  EXPECT_EQ(deliver({"a@local.test", "b@local.test"}), "delivered 250; deferred remote_deferred");
  EXPECT_TRUE(made.was_told("LHLO us.test"));
}

TEST_F(DeliveryAgentTest, maildir_takes_known_accounts_only) {
  TemporaryDirectory mail;
  table.local_domains.emplace(
      "local.test", *delivery::parse_via("maildir:" + mail.path() + "/{domain}/{account}"));
  EXPECT_EQ(deliver({"bob@local.test", "Bob+tag@LOCAL.test", "bbo@local.test"}),
            "delivered 0; delivered 0; bounced 5.1.1 mailbox_unknown");
  EXPECT_EQ(sending.size(), 1);
  std::size_t files = 0;
  for (auto const& file :
       std::filesystem::directory_iterator{mail.path() + "/local.test/bob@local.test/new"}) {
    ++files;
    std::ifstream in{file.path()};
    std::string line;
    std::getline(in, line);
    EXPECT_EQ(line, "Return-Path: <sender@from.example>");
  }
  EXPECT_EQ(files, 2);
}

TEST_F(DeliveryAgentTest, what_was_judged_to_be_junk_lies_in_a_folder_of_its_own) {
  TemporaryDirectory mail;
  junk = true;
  table.local_domains.emplace("local.test",
                              *delivery::parse_via("maildir:" + mail.path() + "/{account}"));
  EXPECT_EQ(deliver({"bob@local.test"}), "delivered 0");
  std::filesystem::path const box = mail.path() + "/bob@local.test";
  EXPECT_FALSE(std::filesystem::exists(box / "new"));
  std::filesystem::directory_iterator const files{box / ".Junk" / "new"};
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(DeliveryAgentTest, what_was_delivered_here_before_is_a_loop) {
  TemporaryDirectory mail;
  table.local_domains.emplace("local.test",
                              *delivery::parse_via("maildir:" + mail.path() + "/{account}"));
  EXPECT_EQ(deliver({"bob@local.test"}, "Delivered-To: bob@local.test\r\n\r\nx\r\n"),
            "bounced 5.4.6 mail_loop");
}

TEST_F(DeliveryAgentTest, discard_reject_and_sandbox) {
  table.local_domains.emplace("d.test", delivery::Discard{});
  table.local_domains.emplace("r.test", delivery::Reject{});
  table.local_domains.emplace("s.test", delivery::Sandbox{});
  EXPECT_EQ(deliver({"a@d.test", "a@r.test", "a@s.test"}),
            "delivered 0; bounced 5.7.1 rejected_by_rule; delivered 0");
}
}  // namespace
}  // namespace pb::runtime
