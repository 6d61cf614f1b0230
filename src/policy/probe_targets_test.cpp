// probe_targets_test.cpp: XPROBE reaches the public internet and nothing else.
// Spec: probe_targets.hpp.
#include "policy/probe_targets.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pb::policy {
namespace {
IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(ProbeTargets, are_public_addresses) {
  for (auto const* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                           "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0",
                           "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
                           "223.255.255.255", "2606:4700::1", "2001:200::1", "2a00:1450::1"}) {
    EXPECT_TRUE(is_public(ip(text))) << text;
  }
}

TEST(ProbeTargets, are_never_inside_a_network_or_this_computer) {
  for (auto const* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.254",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.0.1",
                           "198.18.0.1",
                           "224.0.0.1",
                           "239.255.255.250",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fec0::1",
                           "fc00::1",
                           "fd12:3456::1",
                           "ff02::1",
                           "100::1",
                           "4000::1",
                           "e000::1"}) {
    EXPECT_FALSE(is_public(ip(text))) << text;
  }
}

TEST(ProbeTargets, hide_no_ipv4_address_in_an_ipv6_one) {
  for (auto const* text :
       {"::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
        "2002:7f00:1::1", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"}) {
    EXPECT_FALSE(is_public(ip(text))) << text;
  }
}

TEST(ProbeTargets, may_be_opened_by_the_operator_network_by_network) {
  std::vector<Network> const allowed{Network::parse("10.1.0.0/16").value()};
  EXPECT_TRUE(may_probe(ip("10.1.2.3"), allowed));
  EXPECT_FALSE(may_probe(ip("10.2.0.1"), allowed));
  EXPECT_FALSE(may_probe(ip("127.0.0.1"), allowed));
  EXPECT_TRUE(may_probe(ip("1.1.1.1"), allowed));
  EXPECT_FALSE(may_probe(ip("10.1.2.3"), {}));
}
}  // namespace
}  // namespace pb::policy
