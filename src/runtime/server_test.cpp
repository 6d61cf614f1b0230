// server_test.cpp: the listening server over real sockets: mail through every role, limits, PROXY,
// reload, drain and stop.                  Spec: server.hpp; issue-visible limits in LimitSettings.
// Not here: which security setting a client has (security_test.cpp).
#include "runtime/server.hpp"

#include "base/encoding.hpp"
#include "runtime/server_test_world.hpp"

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;
using smtp::server::Role;
using testing::Client;
using testing::ServerTest;

void log_in(Client& client) {
  std::string token = base64_encode(std::string_view{"\0alice\0right", 12});
  EXPECT_TRUE(client.ask("AUTH PLAIN " + token).starts_with("235"));
}

void send_message(Client& client, std::string const& body) {
  EXPECT_TRUE(client.ask("MAIL FROM:<alice@mail.example>").starts_with("250"));
  EXPECT_TRUE(client.ask("RCPT TO:<bob@mail.example>").starts_with("250"));
  EXPECT_TRUE(client.ask("DATA").starts_with("354"));
  client.send("From: <alice@mail.example>\r\n\r\n" + body);
  EXPECT_TRUE(client.ask(".").starts_with("250"));
}

TEST_F(ServerTest, a_message_comes_in_on_each_of_the_four_roles) {
  start(make_settings({listener(Role::relay), listener(Role::submission),
                       listener(Role::submissions), listener(Role::submission_alt)}));
  for (std::size_t i = 0; i < 4; ++i) {
    auto client = connect(i);
    if (i == 2) EXPECT_EQ(client->start_tls(tls), "");
    EXPECT_TRUE(client->reply().starts_with("220 mail.example")) << i;
    EXPECT_TRUE(client->ask("EHLO client.example").starts_with("250")) << i;
    if (i != 2) {
      EXPECT_TRUE(client->ask("STARTTLS").starts_with("220"));
      EXPECT_EQ(client->start_tls(tls), "");
      EXPECT_TRUE(client->ask("EHLO client.example").starts_with("250"));
    }
    if (i != 0) log_in(*client);
    send_message(*client, "hello\r\n");
    EXPECT_TRUE(client->ask("QUIT").starts_with("221"));
    EXPECT_EQ(client->reply(), "");
  }
  ASSERT_EQ(intake->bodies.size(), 4U);
  EXPECT_EQ(intake->bodies[3], "hello\r\n");
  EXPECT_EQ(intake->facts[2].tls.implicit, true);
  EXPECT_EQ(intake->facts[3].account, "alice");
  EXPECT_NE(log.wait_for({"session ", "role=submissions", "tls=TLSv1.3", "messages=1", "end=quit"}),
            "");
}

TEST_F(ServerTest, a_large_message_arrives_whole_in_the_clear_and_under_tls) {
  start(make_settings({listener(Role::relay)}));
  std::string line(98, 'x');
  line += "\r\n";
  std::string body;
  for (int i = 0; i < 20'000; ++i) body += line;
  for (bool encrypted : {false, true}) {
    auto client = connect();
    client->reply();
    client->ask("EHLO client.example");
    if (encrypted) {
      client->ask("STARTTLS");
      EXPECT_EQ(client->start_tls(tls), "");
      client->ask("EHLO client.example");
    }
    send_message(*client, body);
  }
  ASSERT_EQ(intake->bodies.size(), 2U);
  EXPECT_EQ(intake->bodies[0], body);
  EXPECT_EQ(intake->bodies[1], body);
}

TEST_F(ServerTest, a_session_over_ipv6_is_served_and_named_so) {
  auto settings = make_settings({listener(Role::relay)});
  settings->listeners[0].address = *Endpoint::parse("[::1]:0");
  start(settings);
  auto client = connect();
  EXPECT_TRUE(client->reply().starts_with("220"));
  EXPECT_TRUE(client->ask("EHLO client.example").starts_with("250"));
  std::scoped_lock lock{judge->mutex};
  EXPECT_EQ(judge->seen.at(0).peer.peer.address.text(), "::1");
}

TEST_F(ServerTest, plain_text_behind_starttls_ends_the_session) {
  start(make_settings({listener(Role::relay)}));
  auto client = connect();
  client->reply();
  client->ask("EHLO client.example");
  client->send("STARTTLS\r\nMAIL FROM:<a@b.example>\r\n");
  EXPECT_TRUE(client->reply().starts_with("5"));
  EXPECT_EQ(client->reply(), "");
  EXPECT_NE(log.wait_for({"end=injected-plaintext"}), "");
}

TEST_F(ServerTest, an_early_talker_is_told_so_and_closed) {
  auto settings = make_settings({listener(Role::relay)});
  settings->listeners[0].proxy_protocol = true;  // the greeting waits for the header
  settings->proxy_networks = {*Network::parse("127.0.0.0/8")};
  start(settings);
  auto client = connect();
  client->send("PROXY TCP4 192.0.2.1 192.0.2.2 5000 25\r\nEHLO early.example\r\n");
  EXPECT_TRUE(client->reply().starts_with("554"));
  EXPECT_EQ(client->reply(), "");
  EXPECT_NE(log.wait_for({"end=early-talker"}), "");
}

class ProxyTest : public ServerTest {
 protected:
  void start_behind_balancer(Role role = Role::relay) {
    auto settings = make_settings({listener(role)});
    settings->listeners[0].proxy_protocol = true;
    settings->proxy_networks = {*Network::parse("127.0.0.0/8")};
    settings->limits.sessions_per_network = 2;
    settings->limits.proxy_header_wait = 200ms;
    start(settings);
  }
};

TEST_F(ProxyTest, the_address_that_the_balancer_names_is_the_peer) {
  judge->trusted = Network::parse("127.0.0.0/8");
  start_behind_balancer();
  auto client = connect();
  client->send("PROXY TCP4 192.0.2.1 192.0.2.2 5000 25\r\n");
  EXPECT_TRUE(client->reply().starts_with("220"));
  client->ask("EHLO client.example");
  std::scoped_lock lock{judge->mutex};
  ASSERT_EQ(judge->seen.size(), 1U);
  EXPECT_EQ(judge->seen[0].peer.peer.text(), "192.0.2.1:5000");
  EXPECT_TRUE(judge->seen[0].peer.socket_peer.address.is_loopback());
  EXPECT_FALSE(judge->seen[0].peer.trusted);  // the balancer is, its client is not
}

TEST_F(ProxyTest, the_header_is_taken_to_its_last_byte_and_tls_may_follow_at_once) {
  start_behind_balancer(Role::submissions);
  auto client = connect();
  client->send("PROXY TCP4 192.0.2.1 192.0.2.2 5000 465\r\n");
  EXPECT_EQ(client->start_tls(tls), "");
  EXPECT_TRUE(client->reply().starts_with("220"));
}

TEST_F(ProxyTest, no_header_a_wrong_one_or_one_that_names_nobody_gets_nothing) {
  start_behind_balancer();
  for (std::string first :
       {"EHLO client.example\r\n", "PROXY UNKNOWN\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 99999 25\r\n", "PROXY TCP4 192.0", ""}) {
    auto client = connect();
    client->send(first);
    EXPECT_EQ(client->reply(), "") << first;
  }
  std::string local{"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16};
  auto client = connect();
  client->send(local);
  EXPECT_EQ(client->reply(), "");
}

TEST_F(ProxyTest, a_peer_that_is_no_balancer_gets_nothing) {
  auto settings = make_settings({listener(Role::relay)});
  settings->listeners[0].proxy_protocol = true;
  settings->proxy_networks = {*Network::parse("192.0.2.0/24")};
  start(settings);
  auto client = connect();
  client->send("PROXY TCP4 192.0.2.1 192.0.2.2 5000 25\r\n");
  EXPECT_EQ(client->reply(), "");
}

TEST_F(ProxyTest, a_network_over_its_limit_is_told_421_until_a_session_ends) {
  start_behind_balancer();
  std::vector<std::unique_ptr<Client>> open;
  auto from = [&](std::string const& address) {
    open.push_back(connect());
    open.back()->send("PROXY TCP4 " + address + " 192.0.2.2 5000 25\r\n");
    return open.back()->reply();
  };
  EXPECT_TRUE(from("192.0.2.1").starts_with("220"));
  EXPECT_TRUE(from("192.0.2.1").starts_with("220"));
  EXPECT_TRUE(from("192.0.2.1").starts_with("421"));
  EXPECT_TRUE(from("192.0.2.9").starts_with("220"));
  EXPECT_TRUE(open[0]->ask("QUIT").starts_with("221"));
  EXPECT_EQ(open[0]->reply(), "");
  EXPECT_TRUE(from("192.0.2.1").starts_with("220"));
}

TEST_F(ServerTest, draining_ends_idle_sessions_and_lets_a_transaction_finish) {
  start(make_settings({listener(Role::relay)}));
  auto idle = connect();
  idle->reply();
  auto busy = connect();
  busy->reply();
  busy->ask("EHLO client.example");
  busy->ask("MAIL FROM:<a@mail.example>");
  busy->ask("RCPT TO:<b@mail.example>");
  server->drain();
  EXPECT_TRUE(idle->reply().starts_with("421"));
  EXPECT_EQ(idle->reply(), "");
  EXPECT_TRUE(busy->ask("DATA").starts_with("354"));
  busy->send("Subject: x\r\n\r\nhello\r\n");
  EXPECT_TRUE(busy->ask(".").starts_with("250"));
  EXPECT_TRUE(busy->reply().starts_with("421"));
  server->wait();
  EXPECT_EQ(server->open_sessions(), 0U);
  EXPECT_EQ(intake->bodies.size(), 1U);
}

TEST_F(ServerTest, a_transaction_that_takes_too_long_is_ended_by_the_drain) {
  auto settings = make_settings({listener(Role::relay)});
  settings->limits.drain_wait = 50ms;
  start(settings);
  auto busy = connect();
  busy->reply();
  busy->ask("EHLO client.example");
  busy->ask("MAIL FROM:<a@mail.example>");
  busy->ask("RCPT TO:<b@mail.example>");
  server->drain();
  EXPECT_TRUE(busy->reply().starts_with("421"));
  server->wait();
}

TEST_F(ServerTest, a_stop_closes_every_session_at_once) {
  start(make_settings({listener(Role::relay)}));
  auto busy = connect();
  busy->reply();
  busy->ask("EHLO client.example");
  busy->ask("MAIL FROM:<a@mail.example>");
  server->drain();
  server->stop();
  server->wait();
  server.reset();
  while (!busy->reply().empty()) {
  }
}

TEST_F(ServerTest, a_reload_shows_the_new_certificate_to_new_sessions_and_keeps_the_old_ones) {
  auto first = make_settings({listener(Role::submissions)});
  start(first);
  auto before = connect();
  EXPECT_EQ(before->start_tls(tls), "");
  EXPECT_TRUE(before->reply().starts_with("220"));
  auto second = std::make_shared<ServerSettings>(*first);
  second->tls.certificates = {ca.leaf({"new.example"})};
  second->listeners.push_back(listener(Role::relay));
  second->listeners.back().address = *Endpoint::parse("127.0.0.2:0");
  auto reloaded = server->reload(second);
  ASSERT_TRUE(reloaded) << reloaded.error();
  auto after = connect();
  EXPECT_EQ(after->start_tls(tls), "");
  EXPECT_EQ(after->certificate_names(), "new.example");
  EXPECT_TRUE(before->ask("EHLO client.example").starts_with("250"));
  EXPECT_TRUE(connect(1)->reply().starts_with("220"));
}

TEST_F(ServerTest, a_reload_that_cannot_be_changes_nothing_and_says_why) {
  auto first = make_settings({listener(Role::submissions)});
  start(first);
  auto broken = std::make_shared<ServerSettings>(*first);
  broken->tls.certificates[0].key_pem = ca.leaf({"other.example"}).key_pem;
  auto reloaded = server->reload(broken);
  ASSERT_FALSE(reloaded);
  EXPECT_TRUE(reloaded.error().contains("mail.example")) << reloaded.error();
  auto taken = std::make_shared<ServerSettings>(*first);
  taken->listeners.push_back(listener(Role::relay));
  taken->listeners.back().address = server->local_endpoint(0);
  taken->listeners[0].address = *Endpoint::parse("127.0.0.3:0");
  EXPECT_FALSE(server->reload(taken));
  auto client = connect();
  EXPECT_EQ(client->start_tls(tls), "");
}

TEST_F(ServerTest, a_submissions_listener_without_a_certificate_does_not_start_and_says_the_line) {
  auto settings = make_settings({listener(Role::submissions)});
  settings->tls.certificates.clear();
  Server refused{settings, log, clock, {1}};
  auto bound = refused.bind();
  ASSERT_FALSE(bound);
  EXPECT_TRUE(bound.error().contains("[tls] certificate")) << bound.error();
}

TEST_F(ServerTest, a_taken_port_is_named_with_what_to_do) {
  start(make_settings({listener(Role::relay)}));
  auto settings = make_settings({listener(Role::relay)});
  settings->listeners[0].address = server->local_endpoint(0);
  Server second{settings, log, clock, {1}};
  auto bound = second.bind();
  ASSERT_FALSE(bound);
  EXPECT_TRUE(bound.error().contains(settings->listeners[0].address.text())) << bound.error();
}

TEST_F(ServerTest, a_socket_that_was_bound_for_us_is_used) {
  asio::io_context context;
  asio::ip::tcp::acceptor given{context, {asio::ip::address_v4::loopback(), 0}};
  auto settings = make_settings({listener(Role::relay)});
  settings->listeners[0].address = endpoint_of(given.local_endpoint());
  server = std::make_unique<Server>(settings, log, clock, ServerOptions{1});
  InheritedSocket const inherited[] = {{given.release()}};
  auto bound = server->bind(inherited);
  ASSERT_TRUE(bound) << bound.error();
  server->start();
  EXPECT_TRUE(connect()->reply().starts_with("220"));
}
}  // namespace
}  // namespace pb::runtime
