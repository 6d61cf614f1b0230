// networks_test.cpp: trust goes by the address that counts, never by the socket's.
// Spec: docs/reference/configuration.md.
#include "policy/networks.hpp"

#include <gtest/gtest.h>

#include "policy/policy_test_world.hpp"

namespace pb::policy {
namespace {
smtp::server::PeerFacts peer(std::string_view address, std::string_view socket) {
  smtp::server::PeerFacts facts;
  facts.peer.address = IpAddress::parse(address).value();
  facts.socket_peer.address = IpAddress::parse(socket).value();
  return classify_peer(testing::small_networks(), facts);
}

TEST(Networks, trust_the_peer_and_not_the_load_balancer_in_front_of_it) {
  EXPECT_TRUE(peer("192.0.2.9", "192.0.2.9").trusted);
  EXPECT_FALSE(peer("203.0.113.5", "192.0.2.9").trusted);
  EXPECT_TRUE(peer("192.0.2.9", "203.0.113.5").trusted);
  EXPECT_TRUE(peer("::ffff:192.0.2.9", "203.0.113.5").trusted);
}

TEST(Networks, let_nobody_behind_a_load_balancer_use_its_right_to_xclient) {
  EXPECT_TRUE(peer("198.51.100.1", "198.51.100.1").may_xclient);
  EXPECT_FALSE(peer("203.0.113.5", "198.51.100.1").may_xclient);
}

TEST(Networks, judge_the_address_of_xclient_anew_and_keep_the_right_to_it) {
  smtp::server::PeerFacts facts = peer("198.51.100.1", "198.51.100.1");
  facts.peer.address = IpAddress::parse("203.0.113.5").value();
  facts = classify_peer(testing::small_networks(), facts);
  EXPECT_TRUE(facts.may_xclient);
  EXPECT_FALSE(facts.trusted);
  EXPECT_FALSE(facts.xclient_login);
}

TEST(Networks, give_xclient_login_only_with_xclient) {
  NetworkTable networks = testing::small_networks();
  networks.xclient_login = true;
  smtp::server::PeerFacts stranger;
  stranger.peer.address = IpAddress::parse("203.0.113.5").value();
  EXPECT_FALSE(classify_peer(networks, stranger).xclient_login);
  stranger.peer.address = IpAddress::parse("198.51.100.1").value();
  EXPECT_TRUE(classify_peer(networks, stranger).xclient_login);
}

TEST(Networks, never_trust_an_unknown_address) {
  NetworkTable everybody;
  everybody.trusted = {Network::parse("0.0.0.0/0").value(), Network::parse("::/0").value()};
  EXPECT_FALSE(classify_peer(everybody, {}).trusted);
}

TEST(Networks, name_those_whose_line_ends_are_mended) {
  EXPECT_TRUE(peer("2001:db8:5::1", "::1").normalise_lines);
  EXPECT_FALSE(peer("2001:db8:6::1", "2001:db8:5::1").normalise_lines);
}
}  // namespace
}  // namespace pb::policy
