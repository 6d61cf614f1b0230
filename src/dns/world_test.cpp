// world_test.cpp: a DNS world in a file answers as a resolver would.         Spec: RFC 2308.
#include "dns/world.hpp"

#include <gtest/gtest.h>

#include "dns/name.hpp"
#include "dns/world_yaml.hpp"
#include "dns/world_zone.hpp"

namespace pb::dns {
namespace {
World world_of(std::string_view yaml) {
  auto world = world_from_yaml(yaml);
  EXPECT_TRUE(world) << world.error();
  return world ? *world : World{};
}

TEST(World, tells_nodata_nxdomain_and_failures_apart) {
  World const world = world_of(R"(
a.b.example:
  - A: 192.0.2.1
slow.example:
  - A: 192.0.2.2
  - TIMEOUT
broken.example:
  - TXT: SERVFAIL
)");
  EXPECT_TRUE(std::holds_alternative<Found>(world.answer({"a.b.example", Type::a})));
  EXPECT_TRUE(std::holds_alternative<NoData>(world.answer({"a.b.example", Type::aaaa})));
  EXPECT_TRUE(std::holds_alternative<NoData>(world.answer({"b.example", Type::a})));
  EXPECT_TRUE(std::holds_alternative<NxDomain>(world.answer({"c.example", Type::a})));
  EXPECT_TRUE(std::holds_alternative<Found>(world.answer({"slow.example", Type::a})));
  EXPECT_EQ(std::get<Failed>(world.answer({"slow.example", Type::txt})).failure, Failure::timeout);
  EXPECT_EQ(std::get<Failed>(world.answer({"broken.example", Type::txt})).failure,
            Failure::servfail);
}

TEST(World, follows_cnames_and_calls_a_loop_a_failure) {
  World const world = world_of(R"(
alias.example:
  - CNAME: Real.example.
real.example:
  - TXT: [ "one", "two" ]
loop.example:
  - CNAME: loop.example
)");
  auto const found = std::get<Found>(world.answer({"alias.example", Type::txt}));
  EXPECT_EQ(std::get<Txt>(found.records.at(0)).text, "onetwo");
  EXPECT_EQ(found.canonical_name, "real.example");
  EXPECT_TRUE(std::holds_alternative<Failed>(world.answer({"loop.example", Type::a})));
}

TEST(World, refuses_what_it_does_not_know) {
  EXPECT_FALSE(world_from_yaml("a.example:\n  - A: nonsense\n"));
  EXPECT_FALSE(world_from_yaml("a.example:\n  - WKS: x\n"));
  EXPECT_FALSE(world_from_yaml("- a"));
  EXPECT_FALSE(world_from_yaml("a: [b"));
}

TEST(World, reads_zone_files) {
  auto const world = world_from_zone(R"(
$ORIGIN example.com.
$TTL 300
@        IN SOA ns hostmaster 1 2 3 4 5
         3600 IN MX 10 mail
mail     A 192.0.2.1   ; the host
         AAAA 2001:db8::1
s._domainkey IN TXT ( "v=DKIM1; k=rsa; "
                      "p=abc" )
_25._tcp.mail TLSA 3 1 1 0011 2233
alias.example.org. CNAME mail
nomx     MX 0 .
)");
  ASSERT_TRUE(world) << world.error();
  auto const mx = std::get<Found>(world->answer({"example.com", Type::mx}));
  EXPECT_EQ(std::get<Mx>(mx.records.at(0)), (Mx{10, "mail.example.com"}));
  auto const key = std::get<Found>(world->answer({"s._domainkey.example.com", Type::txt}));
  EXPECT_EQ(std::get<Txt>(key.records.at(0)).text, "v=DKIM1; k=rsa; p=abc");
  EXPECT_TRUE(std::holds_alternative<Found>(world->answer({"alias.example.org", Type::aaaa})));
  auto const none = std::get<Found>(world->answer({"nomx.example.com", Type::mx}));
  EXPECT_EQ(std::get<Mx>(none.records.at(0)).exchange, "");
}

TEST(World, names_the_line_that_is_wrong) {
  EXPECT_EQ(world_from_zone("a.example. A 1.2.3.4\na.example. A x\n").error(),
            "line 2 is no resource record");
  EXPECT_FALSE(world_from_zone("a. TXT \"open\n"));
  EXPECT_FALSE(world_from_zone("a. TXT ( \"x\"\n"));
  EXPECT_TRUE(world_from_text("# comment\nzonedata:\n  a.example:\n    - A: 192.0.2.1\n"));
  EXPECT_TRUE(world_from_text("a.example. 60 IN A 192.0.2.1\n"));
}

TEST(Name, reverse_names_are_of_nibbles_or_octets) {
  EXPECT_EQ(reverse_name(*IpAddress::parse("192.0.2.10")), "10.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*IpAddress::parse("2001:db8::1")),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(Name, a_name_below_needs_the_dot) {
  EXPECT_TRUE(is_or_below("a.Example.com", "example.COM"));
  EXPECT_TRUE(is_or_below("example.com", "example.com"));
  EXPECT_FALSE(is_or_below("badexample.com", "example.com"));
  EXPECT_FALSE(valid_name("a..b"));
  EXPECT_FALSE(valid_name(std::string(64, 'a') + ".example"));
}
}  // namespace
}  // namespace pb::dns
