// security_test.cpp: mail programs with the right and the wrong security setting, on real sockets.
// Spec: policy/security_choice.hpp; RFC 8314 §3.3.              Not here: the table (policy/).
#include "runtime/server_test_world.hpp"

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;
using smtp::server::Role;
using smtp::server::Security;
using testing::Client;
using testing::ServerTest;

class SecurityTest : public ServerTest {
 protected:
  void start_role(Role role, Security security = Security::automatic) {
    auto settings = make_settings({listener(role)});
    settings->listeners[0].security = security;
    settings->limits.opening = waits;
    settings->limits.tls_handshake_wait = handshake_wait;
    start(settings);
  }
  policy::OpeningWaits waits;
  Duration handshake_wait{5000};
};

TEST_F(SecurityTest, tls_from_the_start_works_on_the_starttls_port_and_the_log_says_so) {
  waits.hello_first = 5s;
  start_role(Role::submission);
  auto client = connect();
  EXPECT_EQ(client->start_tls(tls), "");
  EXPECT_TRUE(client->reply().starts_with("220"));
  std::string ehlo = client->ask("EHLO client.example");
  EXPECT_FALSE(ehlo.contains("STARTTLS"));
  EXPECT_TRUE(ehlo.contains("AUTH"));
  EXPECT_NE(log.wait_for({"client-setting", "client-has=SSL/TLS", "should-have=STARTTLS"}), "");
}

TEST_F(SecurityTest, a_client_hello_after_our_greeting_fails_once_and_then_is_waited_for) {
  waits.hello_first = 0ms;
  waits.hello_known = 5s;
  start_role(Role::submission);
  auto first = connect();
  EXPECT_TRUE(first->something_comes(5000));  // the greeting
  EXPECT_NE(first->start_tls(tls), "");
  EXPECT_NE(log.wait_for({"client-setting", "should-have=STARTTLS"}), "");
  auto second = connect();
  EXPECT_FALSE(second->something_comes(150));
  EXPECT_EQ(second->start_tls(tls), "");
  EXPECT_TRUE(second->reply().starts_with("220"));
}

TEST_F(SecurityTest, a_client_that_waits_for_the_greeting_waits_the_second_time_no_more) {
  waits.hello_first = 300ms;
  start_role(Role::submission);
  auto first = connect();
  EXPECT_FALSE(first->something_comes(100));
  EXPECT_TRUE(first->reply().starts_with("220"));
  EXPECT_TRUE(first->ask("EHLO client.example").starts_with("250"));
  auto second = connect();
  EXPECT_TRUE(second->something_comes(150));
}

TEST_F(SecurityTest, who_says_nothing_on_the_tls_port_is_greeted_in_the_clear_and_must_starttls) {
  waits.silence = 50ms;
  start_role(Role::submissions);
  auto client = connect();
  EXPECT_TRUE(client->reply().starts_with("220"));
  EXPECT_NE(log.wait_for({"client-setting", "should-have=SSL/TLS"}), "");
  std::string ehlo = client->ask("EHLO client.example");
  EXPECT_TRUE(ehlo.contains("STARTTLS"));
  EXPECT_FALSE(ehlo.contains("AUTH"));
  EXPECT_TRUE(client->ask("AUTH PLAIN AGEAYg==").starts_with("5"));
  EXPECT_TRUE(client->ask("STARTTLS").starts_with("220"));
  EXPECT_EQ(client->start_tls(tls), "");
  EXPECT_TRUE(client->ask("EHLO client.example").contains("AUTH"));
}

TEST_F(SecurityTest, who_sent_one_byte_on_the_tls_port_is_never_greeted_in_the_clear) {
  waits.silence = 30ms;
  handshake_wait = 150ms;
  start_role(Role::submissions);
  auto client = connect();
  client->send("\x16");
  EXPECT_EQ(client->reply(), "");
  EXPECT_NE(log.wait_for({"tls-failed"}), "");
}

TEST_F(SecurityTest, smtp_in_the_clear_on_the_tls_port_gets_no_clear_text_back) {
  start_role(Role::submissions);
  auto client = connect();
  client->send("EHLO client.example\r\n");
  EXPECT_EQ(client->reply(), "");
  EXPECT_NE(log.wait_for({"tls-failed", "wrong version number"}), "");
}

TEST_F(SecurityTest, strict_tells_a_silent_client_on_the_tls_port_what_is_wrong) {
  waits.silence = 50ms;
  start_role(Role::submissions, Security::strict);
  auto client = connect();
  EXPECT_TRUE(client->reply().contains("TLS"));
  EXPECT_EQ(client->reply(), "");
  EXPECT_NE(log.wait_for({"client-setting", "should-have=SSL/TLS"}), "");
}

TEST_F(SecurityTest, strict_greets_at_once_on_the_starttls_port_and_refuses_a_client_hello) {
  waits.hello_first = 5s;
  start_role(Role::submission, Security::strict);
  auto client = connect();
  EXPECT_TRUE(client->reply().starts_with("220"));
  std::string record{"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10};
  client->send(record);
  EXPECT_TRUE(client->reply().contains("STARTTLS"));
  EXPECT_NE(log.wait_for({"end=not-smtp"}), "");
}

TEST_F(SecurityTest, relay_never_waits_for_a_client_hello) {
  waits.hello_first = 5s;
  waits.hello_known = 5s;
  start_role(Role::relay);
  for (int i = 0; i < 2; ++i) {
    auto client = connect();
    EXPECT_TRUE(client->something_comes(1000));
    EXPECT_NE(client->start_tls(tls), "");
  }
}

TEST_F(SecurityTest, a_client_certificate_names_the_account_where_a_ca_is_configured) {
  auto settings = make_settings({listener(Role::submissions)});
  settings->listeners[0].client_ca_pem = ca.pair.certificate_pem;
  start(settings);
  CertificatePair mine = ca.client("alice@mail.example");
  auto with_certificate = *ClientTls::make(ca.pair.certificate_pem);
  ASSERT_TRUE(testing::use_client_certificate(with_certificate->context(), mine));
  for (bool shown : {true, false}) {
    auto client = connect();
    EXPECT_EQ(client->start_tls(shown ? with_certificate : tls), "");
    client->reply();
    client->ask("EHLO client.example");
  }
  std::scoped_lock lock{judge->mutex};
  ASSERT_EQ(judge->seen.size(), 2U);
  EXPECT_EQ(judge->seen[0].tls.client_identity, "alice@mail.example");
  EXPECT_EQ(judge->seen[1].tls.client_identity, "");
}
}  // namespace
}  // namespace pb::runtime
