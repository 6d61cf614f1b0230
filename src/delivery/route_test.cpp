// route_test.cpp: every way in which DNS answers lead to hosts, a deferral or a bounce.
// Spec: RFC 5321 §5.1; RFC 7505; ARCHITECTURE.md decision 7 (only certain answers bounce).
#include "delivery/route.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "dns/world.hpp"

namespace pb::delivery {
namespace {
using queue::Reason;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

class RouteTest : public testing::Test {
 protected:
  RouteTest() {
    table.hostname = "mx.us.example";
    table.listeners = {*Endpoint::parse("192.0.2.99:25")};
  }

  std::variant<Route, queue::Outcome> find(std::string_view domain) {
    dns::Facts facts;
    for (int round = 0; round < 4; ++round) {
      auto answer = find_route(domain, table.rule_for(domain), table, facts, seed);
      if (auto* route = std::get_if<Route>(&answer)) return std::move(*route);
      if (auto* outcome = std::get_if<queue::Outcome>(&answer)) return std::move(*outcome);
      for (auto const& question : std::get<std::vector<dns::Question>>(answer))
        facts[question] = world.answer(question);
    }
    ADD_FAILURE() << "it asks for ever";
    return queue::Outcome{};
  }

  Route route(std::string_view domain) {
    auto found = find(domain);
    EXPECT_TRUE(std::holds_alternative<Route>(found)) << domain;
    return std::holds_alternative<Route>(found) ? std::get<Route>(found) : Route{};
  }
  std::string hops(std::string_view domain) {
    std::string out;
    for (Hop const& hop : route(domain).hops) out += hop.text() + ' ';
    return out;
  }
  /// "deferred dns_timeout", "bounced 5.1.10 null_mx".
  std::string outcome(std::string_view domain) {
    auto const found = find(domain);
    auto const* out = std::get_if<queue::Outcome>(&found);
    if (!out) return "route";
    if (auto const* deferred = std::get_if<queue::Deferred>(out))
      return fmt::format("deferred {}", name(deferred->reason));
    auto const* bounced = std::get_if<queue::Bounced>(out);
    if (!bounced) return "?";
    return fmt::format("bounced {}.{}.{} {}", bounced->status.klass, bounced->status.subject,
                       bounced->status.detail, name(bounced->reason));
  }

  void mx(std::string_view domain, std::uint16_t preference, std::string host) {
    world.add(domain, dns::Type::mx, dns::Mx{preference, std::move(host)});
  }
  void a(std::string_view name, std::string_view address) {
    IpAddress const parsed = ip(address);
    world.add(name, parsed.is_v4() ? dns::Type::a : dns::Type::aaaa, parsed);
  }

  RoutingTable table;
  dns::World world;
  std::uint64_t seed = 1;
};

TEST_F(RouteTest, orders_hosts_by_preference) {
  mx("two.example", 20, "b.two.example");
  mx("two.example", 10, "a.two.example");
  a("a.two.example", "192.0.2.1");
  a("b.two.example", "192.0.2.2");
  EXPECT_EQ(hops("two.example"), "a.two.example [192.0.2.1]:25 b.two.example [192.0.2.2]:25 ");
}

TEST_F(RouteTest, equal_preferences_change_places_with_the_seed) {
  for (char const host : {'a', 'b', 'c'}) {
    mx("two.example", 10, fmt::format("{}.two.example", host));
    a(fmt::format("{}.two.example", host), fmt::format("192.0.2.{}", host - 'a' + 1));
  }
  std::set<std::string> firsts;
  for (seed = 0; seed < 50; ++seed) firsts.insert(route("two.example").hops.front().host);
  EXPECT_EQ(firsts.size(), 3);
  seed = 7;
  EXPECT_EQ(hops("two.example"), hops("two.example"));
}

TEST_F(RouteTest, a_domain_without_mx_is_its_own_mail_server) {
  a("two.example", "192.0.2.1");
  a("two.example", "2001:db8::1");
  EXPECT_EQ(hops("two.example"), "two.example [2001:db8::1]:25 two.example [192.0.2.1]:25 ");
}

TEST_F(RouteTest, null_mx_is_a_bounce_with_5_1_10) {
  mx("two.example", 0, "");
  a("two.example", "192.0.2.1");
  EXPECT_EQ(outcome("two.example"), "bounced 5.1.10 null_mx");
}

TEST_F(RouteTest, a_null_mx_beside_others_is_not_believed) {  // RFC 7505 §3
  mx("two.example", 0, "");
  mx("two.example", 10, "a.two.example");
  a("a.two.example", "192.0.2.1");
  EXPECT_EQ(outcome("two.example"), "route");
  mx("odd.example", 10, "a name with blanks");
  EXPECT_EQ(outcome("odd.example"), "bounced 5.4.4 no_address") << "no host, and no refusal either";
}

TEST_F(RouteTest, only_certain_answers_bounce) {
  EXPECT_EQ(outcome("nowhere.example"), "bounced 5.1.2 domain_not_found");
  world.add_name("empty.example");
  EXPECT_EQ(outcome("empty.example"), "bounced 5.4.4 no_address");
  world.fail("s.example", dns::Failure::servfail);
  world.fail("t.example", dns::Failure::timeout);
  world.fail("b.example", dns::Failure::bogus);
  world.fail("r.example", dns::Failure::refused);
  EXPECT_EQ(outcome("s.example"), "deferred dns_failed");
  EXPECT_EQ(outcome("t.example"), "deferred dns_timeout");
  EXPECT_EQ(outcome("b.example"), "deferred dns_bogus");
  EXPECT_EQ(outcome("r.example"), "deferred dns_failed");
}

TEST_F(RouteTest, a_failed_host_look_up_defers_unless_another_host_has_an_address) {
  mx("two.example", 10, "a.two.example");
  world.fail("a.two.example", dns::Failure::timeout);
  EXPECT_EQ(outcome("two.example"), "deferred dns_timeout");
  mx("two.example", 20, "b.two.example");
  a("b.two.example", "192.0.2.2");
  EXPECT_EQ(hops("two.example"), "b.two.example [192.0.2.2]:25 ");
}

TEST_F(RouteTest, mx_hosts_that_do_not_exist_bounce) {
  mx("two.example", 10, "gone.two.example");
  EXPECT_EQ(outcome("two.example"), "bounced 5.4.4 no_address");
}

TEST_F(RouteTest, only_hosts_preferred_to_ourselves_are_tried) {
  mx("two.example", 10, "a.two.example");
  mx("two.example", 20, "mx.us.example");
  mx("two.example", 30, "c.two.example");
  a("a.two.example", "192.0.2.1");
  a("mx.us.example", "192.0.2.99");
  a("c.two.example", "192.0.2.3");
  EXPECT_EQ(hops("two.example"), "a.two.example [192.0.2.1]:25 ");
}

TEST_F(RouteTest, a_domain_that_leads_only_to_us_is_a_loop) {
  mx("two.example", 10, "mx.us.example");
  a("mx.us.example", "192.0.2.99");
  EXPECT_EQ(outcome("two.example"), "bounced 5.4.6 mail_loop");
  EXPECT_EQ(outcome("[192.0.2.99]"), "bounced 5.4.6 mail_loop");
}

TEST_F(RouteTest, our_address_with_another_port_is_not_us) {
  table.mx_port = 2600;
  mx("two.example", 10, "mx.us.example");
  a("mx.us.example", "192.0.2.99");
  EXPECT_EQ(hops("two.example"), "mx.us.example [192.0.2.99]:2600 ");
}

TEST_F(RouteTest, a_listener_on_every_address_is_us_on_loopback_and_our_own_addresses) {
  table.listeners = {*Endpoint::parse("0.0.0.0:25")};
  table.own_addresses = {ip("203.0.113.5")};
  for (auto const* address : {"127.0.0.2", "203.0.113.5", "0.0.0.0"})
    EXPECT_EQ(outcome(fmt::format("[{}]", address)), "bounced 5.4.6 mail_loop") << address;
  EXPECT_EQ(hops("[203.0.113.6]"), "203.0.113.6:25 ");
}

TEST_F(RouteTest, families_are_obeyed) {
  a("two.example", "192.0.2.1");
  a("two.example", "2001:db8::1");
  table.rules = {{"*", {MxVia{}}, Families::v4, {}, {}}};
  EXPECT_EQ(hops("two.example"), "two.example [192.0.2.1]:25 ");
  table.rules[0].families = Families::v6;
  EXPECT_EQ(hops("two.example"), "two.example [2001:db8::1]:25 ");
}

TEST_F(RouteTest, literals_need_no_look_up) {
  EXPECT_EQ(hops("[192.0.2.7]"), "192.0.2.7:25 ");
  EXPECT_EQ(hops("[IPv6:2001:db8::7]"), "[2001:db8::7]:25 ");
}

TEST_F(RouteTest, the_most_specific_rule_decides) {
  auto const via = [](std::string_view text) { return std::vector<Via>{*parse_via(text)}; };
  table.rules = {{"*", via("relay://192.0.2.10:25"), Families::any, {}, {}},
                 {".example", via("relay://192.0.2.11:25"), Families::any, {}, {}},
                 {".two.example", via("relay://192.0.2.12:25"), Families::any, {}, {}},
                 {"two.example", via("relay://192.0.2.13:25"), Families::any, {}, {}}};
  EXPECT_EQ(hops("one.test"), "192.0.2.10:25 ");
  EXPECT_EQ(hops("one.example"), "192.0.2.11:25 ");
  EXPECT_EQ(hops("a.two.example"), "192.0.2.12:25 ");
  EXPECT_EQ(hops("two.example"), "192.0.2.13:25 ");
}

TEST_F(RouteTest, smarthosts_are_tried_in_order_and_never_looked_up_as_mx) {
  mx("smtp.example.net", 10, "wrong.example.net");
  a("smtp.example.net", "192.0.2.20");
  table.rules = {{"*",
                  {*parse_via("submissions://smtp.example.net:465"),
                   *parse_via("submission://smtp.example.net:2525")},
                  Families::any,
                  {},
                  {}}};
  table.credentials["smtp.example.net"] = {"me", "secret", ""};
  Route const found = route("two.example");
  ASSERT_EQ(found.hops.size(), 2);
  EXPECT_EQ(found.hops[0].text(), "smtp.example.net [192.0.2.20]:465");
  EXPECT_EQ(found.hops[0].tls, smtp::client::TlsUse::implicit);
  EXPECT_EQ(found.hops[1].tls, smtp::client::TlsUse::verified);
  EXPECT_TRUE(found.hops[1].has_credentials);
  EXPECT_EQ(found.kind, HopKind::smarthost);
}

TEST_F(RouteTest, a_smarthost_at_our_own_address_is_obeyed) {
  table.rules = {{"*", {*parse_via("relay://192.0.2.99:25")}, Families::any, {}, {}}};
  EXPECT_EQ(hops("two.example"), "192.0.2.99:25 ");
}

TEST_F(RouteTest, a_smarthost_that_is_not_found_defers) {
  table.rules = {{"*", {*parse_via("relay://gone.example")}, Families::any, {}, {}}};
  EXPECT_EQ(outcome("two.example"), "deferred no_route");
}

TEST_F(RouteTest, domains_with_the_same_mx_share_a_site) {
  for (auto const* domain : {"two.example", "three.example"}) {
    mx(domain, 10, "a.shared.example");
    mx(domain, 20, "B.shared.example.");
  }
  a("a.shared.example", "192.0.2.1");
  a("b.shared.example", "192.0.2.2");
  EXPECT_EQ(route("two.example").site, route("three.example").site);
  mx("four.example", 10, "a.shared.example");
  EXPECT_NE(route("two.example").site, route("four.example").site);
}

TEST_F(RouteTest, an_attempt_takes_five_addresses_of_two_hosts) {
  mx("two.example", 10, "a.two.example");
  mx("two.example", 20, "b.two.example");
  for (int i = 1; i <= 9; ++i) a("a.two.example", fmt::format("192.0.2.{}", i));
  a("b.two.example", "192.0.2.50");
  std::vector<Hop> const chosen = choose_hops(route("two.example").hops);
  ASSERT_EQ(chosen.size(), 5);
  EXPECT_EQ(chosen.back().host, "b.two.example");
  a("c.example", "192.0.2.1");
  EXPECT_EQ(choose_hops(route("c.example").hops).size(), 1);
}

TEST_F(RouteTest, a_hundred_mx_hosts_are_not_all_asked_for) {
  for (int i = 0; i < 100; ++i) mx("two.example", 10, fmt::format("h{}.two.example", i));
  dns::Facts facts;
  facts[{"two.example", dns::Type::mx}] = world.answer({"two.example", dns::Type::mx});
  auto const answer = find_route("two.example", table.rule_for("two.example"), table, facts, 1);
  EXPECT_EQ(std::get<std::vector<dns::Question>>(answer).size(), mx_hosts_max * 2);
}
}  // namespace
}  // namespace pb::delivery
