// greeted_peers_test.cpp: a ClientHello that lies unread in one connection is known to the next.
// Spec: docs/reference/roles.md.
#include "runtime/greeted_peers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace pb::runtime {
namespace {
using namespace std::chrono_literals;
IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

class GreetedPeersTest : public ::testing::Test {
 protected:
  ~GreetedPeersTest() override {
    for (int end : ends_) ::close(end);
  }
  /// A connection from `from` whose peer has sent `bytes`; its server's end.
  int connection(std::string_view from, std::string_view bytes) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ends_.insert(ends_.end(), {pair[0], pair[1]});
    EXPECT_EQ(::send(pair[1], bytes.data(), bytes.size(), 0), std::ssize(bytes));
    peers_.add(address(from), pair[0], accepted_at_);
    return pair[0];
  }
  GreetedPeers::SteadyTime const accepted_at_ = std::chrono::steady_clock::now();
  std::string_view const hello_{"\x16\x03\x01\x02\x00\x01", 6};
  GreetedPeers peers_;

 private:
  std::vector<int> ends_;
};

TEST_F(GreetedPeersTest, an_unread_client_hello_is_found_by_address_with_its_age) {
  connection("192.0.2.1", hello_);
  EXPECT_EQ(peers_.unread_hello(address("192.0.2.1"), accepted_at_ + 7ms), Duration{7});
  EXPECT_EQ(peers_.unread_hello(address("192.0.2.2"), accepted_at_ + 7ms), std::nullopt);
}

TEST_F(GreetedPeersTest, looking_reads_nothing_away) {
  int end = connection("192.0.2.1", hello_);
  for (int look = 0; look < 2; ++look) {
    EXPECT_TRUE(peers_.unread_hello(address("192.0.2.1"), accepted_at_));
  }
  char all[16];
  EXPECT_EQ(::recv(end, all, sizeof all, 0), std::ssize(hello_));
}

TEST_F(GreetedPeersTest, silence_and_smtp_are_no_client_hello) {
  connection("192.0.2.1", "");
  connection("192.0.2.1", "EHLO client.example\r\n");
  connection("192.0.2.1", hello_.substr(0, 2));
  EXPECT_EQ(peers_.unread_hello(address("192.0.2.1"), accepted_at_), std::nullopt);
}

TEST_F(GreetedPeersTest, a_connection_that_was_read_from_is_looked_at_no_more) {
  int end = connection("2001:db8::1", hello_);
  EXPECT_TRUE(peers_.unread_hello(address("2001:db8::2"), accepted_at_)) << "one /64, one client";
  peers_.remove(address("2001:db8::1"), end);
  EXPECT_EQ(peers_.unread_hello(address("2001:db8::1"), accepted_at_), std::nullopt);
  EXPECT_EQ(peers_.size(), 0U);
}

TEST_F(GreetedPeersTest, no_more_than_eight_connections_are_looked_at) {
  for (int silent = 0; silent < GreetedPeers::looked_at_max; ++silent) connection("192.0.2.1", "");
  connection("192.0.2.1", hello_);
  EXPECT_EQ(peers_.unread_hello(address("192.0.2.1"), accepted_at_), std::nullopt);
}
}  // namespace
}  // namespace pb::runtime
